import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../lib/core/rng.js';
import { ClippedGradient } from '../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { dense } from '../../lib/nn/layers/dense.js';
import { constant, disposeAll } from '../../lib/nn/parameters.js';
import type { ExampleLosses } from '../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../lib/tensor/index.js';
import { sumsOn, toyLosses, type TrainingOptions, type Vectors } from './toy-training.js';
import { distance } from './toy.js';

beforeAll(() => setupEngine());

/** Noise of a millionth leaves this much. */
const rounding = 1e-4;
const records: Vectors = [
  [3, 4],
  [25, 1],
  [0.3, 0.4],
  [0, 20],
  [1, 1],
];

/** Each record becomes copies with factors of their own, from the draws, over which its loss is averaged. */
function withCopies(copies: number): Pick<TrainingOptions, 'losses' | 'draws'> {
  const losses: ExampleLosses = (tape, images, _labels, factors) => {
    const rows = images!.reshape([-1, 1, 2]).mul(factors!).reshape([-1, 1, 2, 1]); // [records x copies, 1, 2, 1]
    return toyLosses(tape, rows).reshape([-1, copies]).mean(1);
  };
  const draws = (count: number, stream: SeededStream) => {
    const factors = Float32Array.from({ length: count * copies * 2 }, () => stream.uniform() + 0.5);
    return [tf.tensor(factors, [count, copies, 2])];
  };
  return { losses, draws };
}

type Release = (vectors: Vectors, copies: number) => Promise<number[]>;
const released: Release = async (vectors, copies) =>
  (await sumsOn(vectors, { ...withCopies(copies), size: records.length }))[0]!;

/**
 * The check: the sum over one record alone has at most the norm 1, and reaches it, whatever the number of its copies. (Copies
 * of a neighbour's other records get other factors, so the sums of neighbours are compared where those records are absent.)
 */
async function isOneRecord(release: Release): Promise<boolean> {
  for (const copies of [1, 2, 8]) {
    const norms = [];
    for (const record of records) norms.push(distance(await release([record], copies), [0, 0]));
    if (Math.max(...norms) > 1 + rounding || Math.max(...norms) < 1 - rounding) return false;
  }
  return true;
}

/** Gradients of copies of one record, to the clipped gradient of the record: clip norm 1. */
type Clip = (copies: readonly (readonly number[])[]) => Promise<number[]>;

const clip = (vector: readonly number[]) => vector.map((value) => value / Math.max(1, Math.hypot(...vector)));
const added = (rows: readonly (readonly number[])[]) =>
  rows[0]!.map((_, axis) => rows.reduce((total, row) => total + row[axis]!, 0));

const layer = dense({ name: 'w', inputs: 2, outputs: 1, bias: false });

/** By the clipped gradient of one record with these copies. */
const ours: Clip = async (copies) => {
  const parameters = { 'w.kernel': constant([2, 1], 0) };
  const losses: ExampleLosses = (tape, rows) =>
    tape.use(layer, rows!.reshape([-1, 2])).reshape([-1, copies.length]).mean(1); // prettier-ignore
  const gradient = new ClippedGradient({ losses, parameters, clipNorm: 1, microBatch: 2 });
  const inputs: Tensor[] = [tf.tensor3d(copies.flat(), [1, copies.length, 2])];
  const sums = await gradient.at(inputs);
  const values = [...(await sums['w.kernel']!.data())];
  tf.dispose([inputs, sums]);
  gradient.dispose();
  disposeAll(parameters);
  return values;
};

/** The check: no copies of a record give more than the clip norm. */
async function neverExceeds(clipCopies: Clip): Promise<boolean> {
  const stream = new SeededStream(3);
  for (const copies of [1, 2, 8])
    for (let trial = 0; trial < 10; trial++) {
      const gradients = Array.from({ length: copies }, () => [3 + stream.normal(), 4 + stream.normal()]);
      if (Math.hypot(...(await clipCopies(gradients))) > 1) return false;
    }
  return true;
}

describe('pitfall 13: copies are one record', () => {
  it('holds: a record changes the sum by the clip norm at most, whatever its copies', async () => {
    expect(await isOneRecord(released)).toBe(true);
    expect(await neverExceeds(ours)).toBe(true);
  });

  it('averages, then clips: copies (3, 0) and (0, 4) give (0.6, 0.8)', async () => {
    const values = await ours([
      [3, 0],
      [0, 4],
    ]);
    expect(distance(values, [0.6, 0.8])).toBeLessThan(2e-6); // float32, and clipped a hair below the bound
  });

  it('fails for the mutation that clips each copy and sums (DP-LoRA)', async () => {
    const mutation: Clip = (copies) => Promise.resolve(added(copies.map(clip)));
    expect(await neverExceeds(mutation)).toBe(false);
    expect(Math.hypot(...(await mutation([[3, 0], [0, 4]])))).toBeCloseTo(Math.SQRT2, 10); // prettier-ignore
    const release: Release = ([vector], copies) => mutation(Array<readonly number[]>(copies).fill(vector!));
    expect(await isOneRecord(release)).toBe(false);
  });
});
