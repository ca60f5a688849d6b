import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../lib/core/rng.js';
import { ClippedGradient } from '../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import type { DpSgdQuery } from '../../lib/mechanisms/dp-sgd/dp-sgd.js';
import { dpLora } from '../../lib/methods/dp-lora.js';
import { setupEngine, tf, type Tensor } from '../../lib/tensor/index.js';
import { capturedQuery } from '../lib/methods/latent/captured-query.js';
import { normal } from '../lib/nn/layers/naive.js';

const copies = 8;
/** Far below the norm of any gradient here, as the reference's 1e-3 is: all are clipped. */
const clipNorm = 1e-4;
/** What float32 may add to a norm or to the sum of eight. */
const rounding = 1e-4;

/** What DP-LoRA itself trains, by the losses and draws that it hands to the mechanism. */
let captured: { query: DpSgdQuery; dispose: () => void };
let gradients: ClippedGradient[];

beforeAll(async () => {
  await setupEngine();
  captured = await capturedQuery(dpLora, { copies });
  const { losses, parameters, trained } = captured.query;
  const options = { losses, parameters, ...(trained && { trained }) };
  gradients = [1, copies].map((microBatch) => new ClippedGradient({ ...options, clipNorm, microBatch }));
  // As in the middle of training: the U-Net guesses something and the adapters do something.
  for (const name of Object.keys(parameters).filter((name) => /(up|out|conv1|out\.conv)\.kernel$/.test(name)))
    tf.tidy(() => parameters[name]!.assign(normal(parameters[name]!.shape, name, 0.2)));
});

afterAll(() => {
  gradients.forEach((gradient) => gradient.dispose());
  captured.dispose();
});

/** All inputs of the losses for one record: an image, a label and its draws, `[1, copies, …]` but for the last. */
function record(seed: number): Tensor[] {
  return tf.tidy(() => [
    normal([1, 28, 28, 1], `image ${seed}`).sigmoid(),
    tf.oneHot([seed % 3], 3).toFloat(),
    ...captured.query.draws!(1, new SeededStream(seed)),
  ]);
}

/** A record whose copies are all the same: the worst that the reference's rule can meet. */
function sameCopies(inputs: readonly Tensor[]): Tensor[] {
  return tf.tidy(() => inputs.map((x, i) => (hasCopies(i) ? tf.tile(x.slice([0, 0], [1, 1]), [1, copies, ...x.shape.slice(2).map(() => 1)]) : x.clone()))); // prettier-ignore
}

/** Noise of the posterior, noise and times have copies; image, label and the coin for the label do not. */
const hasCopies = (input: number) => input >= 2 && input <= 4;

/** From the inputs of one record to what is added to the sum for it. */
type Rule = (inputs: readonly Tensor[]) => Promise<Float32Array>;

const flat = async (sums: Record<string, Tensor>): Promise<Float32Array> => {
  const all = tf.tidy(() => tf.concat(Object.values(sums).map((sum) => sum.flatten())));
  const values = (await all.data()) as Float32Array;
  tf.dispose([sums, all]);
  return values;
};

/** Ours: the mechanism's clipped gradient of the record's loss, which is the mean over its copies. */
const ours: Rule = async (inputs) => flat(await gradients[0]!.at(inputs));

/** The reference's: every copy goes in as a record of its own. */
const reference: Rule = async (inputs) => {
  const rows = tf.tidy(
    () =>
    inputs.map((x, i) => (hasCopies(i) ? x.reshape([copies, 1, ...x.shape.slice(2)]) : tf.tile(x, [copies, ...x.shape.slice(1).map(() => 1)]))), // prettier-ignore
  );
  const sum = await flat(await gradients[1]!.at(rows));
  tf.dispose(rows);
  return sum;
};

const norm = (values: Float32Array) => Math.hypot(...values);

/** The norms, in units of the clip norm, of what some records add to the sum. */
async function norms(rule: Rule, copiesOf: (inputs: readonly Tensor[]) => Tensor[]): Promise<number[]> {
  const found = [];
  for (const seed of [1, 2, 3]) {
    const drawn = record(seed);
    const inputs = copiesOf(drawn);
    found.push(norm(await rule(inputs)) / clipNorm);
    tf.dispose([drawn, inputs]);
  }
  return found;
}

const asDrawn = (inputs: readonly Tensor[]) => inputs.map((x) => x.clone());

/** The check: no record adds more than the clip norm, for which the noise is. */
async function isOneRecord(rule: Rule): Promise<boolean> {
  const all = [...(await norms(rule, asDrawn)), ...(await norms(rule, sameCopies))];
  expect(all.every((value) => value > 0)).toBe(true);
  return all.every((value) => value <= 1 + rounding);
}

describe('pitfall 13 on the network of DP-LoRA: 8 copies are one record', () => {
  it('trains adapters and class tokens, nothing else', () => {
    const { parameters, trained } = captured.query;
    expect(trained!.every((name) => /\.(down|up)\.kernel$|^label\.table$/.test(name))).toBe(true);
    expect(trained!.length).toBeLessThan(Object.keys(parameters).length);
  });

  it('holds: a record adds at most the clip norm to the sum, and reaches it', async () => {
    const before = tf.memory().numTensors;
    expect(await isOneRecord(ours)).toBe(true);
    for (const value of await norms(ours, asDrawn)) expect(value).toBeGreaterThan(1 - rounding); // it is clipped
    expect(tf.memory().numTensors).toBe(before);
  });

  it('fails for the rule of the reference, which clips each copy and adds them: up to 8 clip norms', async () => {
    expect(await isOneRecord(reference)).toBe(false);
    // Copies with other times and noises point in other directions, but more than two clip norms are left of eight.
    for (const value of await norms(reference, asDrawn)) expect(value).toBeGreaterThan(2);
    for (const value of await norms(reference, sameCopies))
      expect(Math.abs(value - copies)).toBeLessThan(rounding * copies);
  });

  it('averages, then clips: the direction is that of the mean over the copies', async () => {
    const { losses, parameters, trained } = captured.query;
    const unclipped = new ClippedGradient({
      losses,
      parameters,
      ...(trained && { trained }),
      clipNorm: 1e9,
      microBatch: 1,
    });
    const inputs = record(4);
    let mean: number[] = [];
    for (let copy = 0; copy < copies; copy++) {
      const one = tf.tidy(() => inputs.map((x, i) => (hasCopies(i) ? x.slice([0, copy], [1, 1]) : x.clone())));
      const gradient = await flat(await unclipped.at(one));
      mean = [...gradient].map((value, i) => (mean[i] ?? 0) + value / copies);
      tf.dispose(one);
    }
    const got = await ours(inputs);
    const length = Math.hypot(...mean);
    const largest = Math.max(...mean.map(Math.abs)) / length;
    got.forEach((value, i) => expect(Math.abs(value / clipNorm - mean[i]! / length)).toBeLessThan(rounding * largest));
    unclipped.dispose();
    tf.dispose(inputs);
  });
});
