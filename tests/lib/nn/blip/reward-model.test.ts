import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preprocess } from '../../../../lib/metrics/image-reward/preprocess.js';
import { encodeImages } from '../../../../lib/nn/blip/image-encoder.js';
import { RewardModel } from '../../../../lib/nn/blip/reward-model.js';
import { blipShapes, imageRewardSizes } from '../../../../lib/nn/blip/sizes.js';
import { encodeTexts } from '../../../../lib/nn/blip/text-encoder.js';
import { WordPiece } from '../../../../lib/nn/blip/word-piece.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { golden, goldenFile, picture, vocabulary } from './golden-model.js';

const { sizes } = golden;
const wordPiece = new WordPiece(vocabulary);
/** float32 here against float32 there, through four layers of attention and five of the head. */
const rounding = 1e-5;

let folder: string;
let model: RewardModel;
let before: number;

beforeAll(async () => {
  await setupEngine();
  before = tf.memory().numTensors;
  folder = await mkdtemp(join(tmpdir(), 'dpbench-blip-'));
  model = await RewardModel.load(await written(goldenFile()), sizes);
});
afterAll(async () => {
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
  await rm(folder, { recursive: true });
});

async function written(file: Buffer): Promise<string> {
  const path = join(folder, 'ImageReward.pt');
  await writeFile(path, file);
  return path;
}

function texts(prompts: readonly string[]) {
  const tokens = prompts.map((prompt) => wordPiece.encode(prompt, 35));
  const ids = tf.tensor2d(Int32Array.from(tokens.flatMap(({ ids }) => [...ids])), [tokens.length, 35], 'int32');
  const mask = tf.tensor2d(Float32Array.from(tokens.flatMap(({ mask }) => [...mask])), [tokens.length, 35]);
  return { ids, mask };
}

async function valuesOf(compute: () => Tensor): Promise<number[]> {
  const tensor = tf.tidy(compute);
  const values = await tensor.data();
  tensor.dispose();
  return [...values];
}

function expectNear(got: readonly number[], expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(got[i]! - value)).toBeLessThan(rounding);
}

const scoresOf = (shapes: readonly (typeof golden.scored)[number]['shape'][], prompts: readonly string[]) =>
  valuesOf(() => {
    const { ids, mask } = texts(prompts);
    return model.scores(tf.concat(shapes.map((shape) => preprocess(picture(shape), sizes.pixels))), ids, mask);
  });

describe.each(golden.scored)('ImageReward of an image of $shape for "$prompt"', (one) => {
  const images = () => preprocess(picture(one.shape), sizes.pixels);

  it('has the tokens, the vectors and the score of the original', async () => {
    expect([...wordPiece.encode(one.prompt, 35).ids]).toEqual(one.ids);
    const embedded = await valuesOf(() => encodeImages(model.weights, images(), sizes));
    const { width } = sizes.vision;
    expect(embedded).toHaveLength(10 * width);
    expectNear([...embedded.slice(0, 2 * width), ...embedded.slice(-width)], one.embedded.flat());
    const feature = await valuesOf(() =>
      encodeTexts(model.weights, texts([one.prompt]), encodeImages(model.weights, images(), sizes), sizes),
    );
    expectNear(feature, one.feature);
    expectNear(await scoresOf([one.shape], [one.prompt]), [one.score]);
  });
});

describe('RewardModel', () => {
  it('scores a batch of images as the original scores several, each for its own text', async () => {
    const shapes = [0, 4, 5].map((at) => golden.scored[at]!.shape);
    expectNear(await scoresOf(shapes, Array<string>(3).fill(golden.scored[1]!.prompt)), golden.together);
    const mixed = golden.scored.slice(0, 4);
    expectNear(
      await scoresOf(
        mixed.map(({ shape }) => shape),
        mixed.map(({ prompt }) => prompt),
      ),
      mixed.map(({ score }) => score),
    );
  });

  it('gives another score for another text and for another image', () => {
    const scores = golden.scored.map(({ score }) => score);
    for (const [i, a] of scores.entries())
      for (const b of scores.slice(i + 1)) expect(Math.abs(a - b)).toBeGreaterThan(1000 * rounding);
  });

  it('reads the names of the published file, and no more than it needs', () => {
    const unused = /position_ids|vision_proj|text_proj/;
    expect(Object.entries(blipShapes(sizes)).sort()).toEqual(
      golden.weights.filter(([name]) => !unused.test(name)).sort(),
    );
    const published = Object.values(blipShapes(imageRewardSizes));
    // Float32 of these and the three unused projections are the 1.79 GB of the published file.
    const values = published.reduce((sum, shape) => sum + shape.reduce((all, length) => all * length, 1), 0);
    expect(4 * values).toBeGreaterThan(1.78e9);
    expect(4 * values).toBeLessThan(1.79e9);
  });

  it('names the file by its SHA-256', () => {
    expect(model.checksum).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses a file that has a weight of another shape or lacks one, and leaves no tensor behind', async () => {
    const tensors = tf.memory().numTensors;
    const narrow = golden.weights.map(([name, shape]): [string, number[]] =>
      name === 'mlp.layers.4.weight' ? [name, [64, 100]] : [name, shape],
    );
    const path = await written(goldenFile(narrow));
    await expect(RewardModel.load(path, sizes)).rejects.toThrow(
      `ImageReward from '${path}': weight 'mlp.layers.4.weight' has another shape; got [64,100], expected [64, 128].`,
    );
    await written(goldenFile(golden.weights.filter(([name]) => name !== 'mlp.layers.4.weight')));
    await expect(RewardModel.load(path, sizes)).rejects.toThrow(
      "the file has no such tensor; got 'mlp.layers.4.weight'",
    );
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
