import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Diagnostic, revealForDisplay } from '../../../lib/core/diagnostic.js';
import type { LabeledImages } from '../../../lib/core/images.js';
import { onProgress } from '../../../lib/core/progress.js';
import type { MetricResult } from '../../../lib/core/results.js';
import type { MetricContext } from '../../../lib/metrics/contract.js';
import { imageReward, imageRewardWith } from '../../../lib/metrics/image-reward.js';
import { imageRewardFiles, type RewardFiles } from '../../../lib/metrics/image-reward/reward-files.js';
import { promptsOf } from '../../../lib/metrics/image-reward/prompts.js';
import { scoreImages } from '../../../lib/metrics/image-reward/score-images.js';
import { imageRewardSizes } from '../../../lib/nn/blip/sizes.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { golden, goldenFile, picture, vocabulary } from '../nn/blip/golden-model.js';

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const animals = ['cat', 'dog', 'horse'];
/** As in tests/lib/nn/blip/reward-model.test.ts. */
const rounding = 1e-5;

let root: string;
let files: RewardFiles;

beforeAll(async () => {
  await setupEngine();
  tf.memory();
  root = await mkdtemp(join(tmpdir(), 'dpbench-image-reward-'));
  await mkdir(join(root, 'data', 'weights'), { recursive: true });
  const put = async (name: string, content: Buffer | string) => {
    await writeFile(join(root, 'data', 'weights', name), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { name, title: `small ${name}`, url: `https://example.org/${name}`, sha256 };
  };
  files = {
    name: 'small ImageReward',
    weights: await put('small.pt', goldenFile()),
    vocabulary: await put('small-vocab.txt', vocabulary),
    download: '1 MB',
    sizes: golden.sizes,
  };
});
beforeEach(() => {
  vi.stubEnv('DPBENCH_DATA', join(root, 'data'));
  vi.stubEnv('DPBENCH_CACHE', join(root, 'cache'));
  vi.stubEnv('DPBENCH_OFFLINE', '1');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** Some images of one shape, shifted so that no two are alike, with their labels. */
function imagesOf(shape: readonly [number, number, number], labels: readonly number[]): LabeledImages {
  const one = picture([...shape]);
  const data = Uint8Array.from({ length: one.data.length * labels.length }, (_, i) => {
    const [image, at] = [Math.floor(i / one.data.length), i % one.data.length];
    return one.data[(at + 7 * image * one.channels) % one.data.length]!;
  });
  return { ...one, data, count: labels.length, labels: Uint8Array.from(labels) };
}

function contextOf(synthetic: LabeledImages, classes: readonly string[], change: Partial<MetricContext> = {}) {
  const name = classes === digits ? 'mnist' : 'animals';
  return { synthetic, dataset: { name, classes }, scale: 'laptop', seed: 0, ...change } as MetricContext;
}

const score = (...context: Parameters<typeof contextOf>): Promise<MetricResult> =>
  imageRewardWith(files).evaluate(contextOf(...context));

/** One score an image. */
async function scoresOf(images: LabeledImages, classes: readonly string[]): Promise<number[]> {
  const { prompts } = promptsOf(contextOf(images, classes).dataset);
  return [...(await scoreImages(images, prompts, files)).scores];
}

const valueOf = ({ value }: MetricResult) => revealForDisplay(value);

describe('image-reward', () => {
  it('is the score of the original for the prompt of the label', async () => {
    const [cat, digit, , , greyDigit] = golden.scored;
    const cases = [
      { one: cat!, classes: animals, prompt: 'An image of a cat' },
      { one: digit!, classes: digits, prompt: 'a grayscale image of a handwritten digit 0' },
      { one: greyDigit!, classes: digits, prompt: 'a grayscale image of a handwritten digit 0' },
    ];
    for (const { one, classes, prompt } of cases) {
      expect(one.prompt).toBe(prompt);
      const result = await score(imagesOf(one.shape, [0]), classes);
      expect(Math.abs(valueOf(result) - one.score)).toBeLessThan(rounding);
    }
  });

  it('changes with the label: another prompt is another question', async () => {
    const [right, wrong] = [
      await score(imagesOf([28, 28, 1], [0]), digits),
      await score(imagesOf([28, 28, 1], [7]), digits),
    ];
    expect(Math.abs(valueOf(right) - valueOf(wrong))).toBeGreaterThan(0.01);
  });

  it('is the mean over the images, with one part a class that has images', async () => {
    const labels = [0, 0, 0, 2, 2, 0, 2, 0, 0, 2, 0];
    const images = imagesOf([48, 48, 3], labels);
    const result = await score(images, animals);
    const alone = await scoresOf(images, animals);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(valueOf(result) - mean(alone))).toBeLessThan(rounding);
    expect(result.parts!.map(({ name }) => name)).toEqual(['cat', 'horse']);
    for (const [at, label] of [0, 2].entries()) {
      const own = mean(alone.filter((_, i) => labels[i] === label));
      expect(Math.abs(revealForDisplay(result.parts![at]!.value) - own)).toBeLessThan(rounding);
    }
  });

  it('scores each image by itself, whatever its place in a batch', async () => {
    const labels = [0, 2, 1, 0, 1, 2, 2, 0, 1, 2, 0];
    const images = imagesOf([28, 28, 1], labels);
    const together = await scoresOf(images, animals);
    for (const at of [0, 6, 10]) {
      const data = images.data.subarray(at * 784, (at + 1) * 784);
      const [alone] = await scoresOf({ ...images, data, count: 1, labels: Uint8Array.of(labels[at]!) }, animals);
      expect(Math.abs(together[at]! - alone!)).toBeLessThan(rounding);
    }
  });

  it('says what it is, by which weights, and that no private data are in it', async () => {
    const result = await score(imagesOf([28, 28, 1], [0, 1, 2]), digits);
    const { id, title, unit, better } = imageReward;
    expect(result).toMatchObject({ metric: id, title, unit, better: 'higher', samples: 3 });
    expect(better).toBe('higher');
    expect(result.value).toBeInstanceOf(Diagnostic);
    expect(result.extractor).toEqual({
      name: 'small ImageReward',
      checksum: files.weights.sha256,
      preprocessing:
        'grey copied to three channels, bicubic resize of the short side to 48 as Pillow, centre cut, CLIP mean and deviation',
    });
    expect(result.notes).toEqual([
      'prompts of DPImageBench',
      'reads no private data: the synthetic images and the names of the classes alone',
    ]);
  });

  it('has an interval by bootstrap as wide as the normal law says, and none of a single image', async () => {
    const labels = Array.from({ length: 60 }, (_, i) => i % 10);
    const { interval, value } = await score(imagesOf([28, 28, 1], labels), digits);
    expect(interval).toMatchObject({ level: 0.95, over: 'bootstrap over the synthetic images, 200 draws' });
    const [lower, upper] = [revealForDisplay(interval!.lower), revealForDisplay(interval!.upper)];
    expect(lower).toBeLessThan(revealForDisplay(value));
    expect(upper).toBeGreaterThan(revealForDisplay(value));
    const scores = await scoresOf(imagesOf([28, 28, 1], labels), digits);
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    const variance = scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scores.length;
    // 200 draws tell the width to about a tenth; a quarter leaves room.
    const width = 2 * 1.96 * Math.sqrt(variance / scores.length);
    expect(Math.abs((upper - lower) / width - 1)).toBeLessThan(0.25);
    expect((await score(imagesOf([28, 28, 1], [3]), digits)).interval).toBeUndefined();
  });

  it('scores a few images at smoke scale, drawn by the seed', async () => {
    const images = imagesOf(
      [28, 28, 1],
      Array.from({ length: 40 }, (_, i) => i % 10),
    );
    const results = [];
    for (const seed of [0, 0, 1]) results.push(await score(images, digits, { scale: 'smoke', seed }));
    expect(results.map(({ samples }) => samples)).toEqual([16, 16, 16]);
    expect(results[0]!.notes).toContain('16 of 40 images, drawn by the seed');
    expect(valueOf(results[0]!)).toBe(valueOf(results[1]!));
    expect(valueOf(results[0]!)).not.toBe(valueOf(results[2]!));
    expect((await score(images, digits, { scale: 'paper' })).samples).toBe(40);
  });

  it('stops when it is aborted, and leaves no tensor behind, then or at its end', async () => {
    const images = imagesOf(
      [28, 28, 1],
      Array.from({ length: 20 }, (_, i) => i % 10),
    );
    const before = tf.memory().numTensors;
    await score(images, digits);
    expect(tf.memory().numTensors).toBe(before);
    const controller = new AbortController();
    const steps: number[] = [];
    const stop = onProgress(({ task, step, steps: all }) => {
      if (task !== 'ImageReward of the synthetic images') return;
      expect(all).toBe(20);
      steps.push(step);
      if (step > 0) controller.abort(new Error('enough'));
    });
    await expect(score(images, digits, { signal: controller.signal }).finally(stop)).rejects.toThrow('enough');
    expect(steps).toEqual([0, 8]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses labels without a class, and no images', async () => {
    await expect(score(imagesOf([28, 28, 1], [0, 3]), animals)).rejects.toThrow(
      'image-reward: an image has a label that is no class of animals; got 3, expected 0 to 2.',
    );
    await expect(score(imagesOf([28, 28, 1], []), animals)).rejects.toThrow(
      'image-reward: there are no images; got 0, expected at least 1.',
    );
  });
});

describe('image-reward without its files', () => {
  const context = () => contextOf(imagesOf([28, 28, 1], [0]), digits);

  it('is not missing where they are', async () => {
    expect(await imageRewardWith(files).missing!(context())).toBeUndefined();
  });

  it('says which are missing, how large they are, where they are published and where they belong', async () => {
    const published = { ...imageRewardFiles, vocabulary: files.vocabulary };
    const folder = join(root, 'cache', 'weights');
    expect(await imageRewardWith(published).missing!(context())).toBe(
      'ImageReward.pt (1.8 GB) is not on this machine. Ask for image-reward by name to download, or bring ' +
        `https://huggingface.co/THUDM/ImageReward/resolve/main/ImageReward.pt to ${join(folder, 'ImageReward.pt')}`,
    );
    const both = await imageReward.missing!(context());
    expect(both).toContain('ImageReward.pt and bert-base-uncased-vocab.txt (1.8 GB) are not on this machine.');
    expect(both).toMatch(/ and https:\S+\/vocab\.txt to \S+\/bert-base-uncased-vocab\.txt$/);
    const half = await imageRewardWith({ ...files, vocabulary: imageRewardFiles.vocabulary }).missing!(context());
    expect(half).toContain('bert-base-uncased-vocab.txt is not on this machine.');
  });

  it('asked for all the same, it downloads; where that is forbidden it says so', async () => {
    await expect(imageReward.evaluate(context())).rejects.toThrow(
      'vocabulary of bert-base-uncased: bert-base-uncased-vocab.txt is not on this machine, and DPBENCH_OFFLINE=1 forbids to download it',
    );
    await expect(
      imageRewardWith({ ...imageRewardFiles, vocabulary: files.vocabulary }).evaluate(context()),
    ).rejects.toThrow('weights of ImageReward-v1.0 (1.8 GB): ImageReward.pt is not on this machine');
  });

  it('expects the published sizes of the published file', () => {
    expect(imageRewardFiles.sizes).toBe(imageRewardSizes);
    for (const { sha256 } of [imageRewardFiles.weights, imageRewardFiles.vocabulary])
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});
