import { beforeAll, describe, expect, it } from 'vitest';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../../../lib/core/events.js';
import { SecureStream } from '../../../../lib/core/rng.js';
import { dense } from '../../../../lib/nn/layers/dense.js';
import { constant, disposeAll } from '../../../../lib/nn/parameters.js';
import { Sgd } from '../../../../lib/nn/sgd.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import {
  flat,
  journalOf,
  sumsOn,
  toyLosses,
  toyParameters,
  trainingOn,
  vectorRows,
  type TrainingOptions,
  type Vectors,
} from '../../../privacy/toy-training.js';
import { distance } from '../../../privacy/toy.js';

beforeAll(() => setupEngine());

/** Noise of a millionth leaves this much. */
const rounding = 1e-4;

const three: Vectors = [
  [1, 0],
  [0, 1],
  [1, 1],
];

describe('the update', () => {
  it('is the clipped sum over the expected batch, here with hardly any noise', async () => {
    // (3, 4), (0.3, 0.4) and (0, 0) at clip norm 1, expected batch 4: ((0.6 + 0.3) / 4, (0.8 + 0.4) / 4).
    const vectors: Vectors = [
      [3, 4],
      [0.3, 0.4],
      [0, 0],
    ];
    const parameters = toyParameters();
    const sgd = new Sgd(parameters);
    const { training, dispose } = await trainingOn(vectors, { size: 4, parameters });
    const gradient = await training.next();
    sgd.apply(gradient, 1);
    expect(distance(await flat(gradient), [0.225, 0.3])).toBeLessThan(rounding);
    expect(distance(await parameters['w.kernel']!.data(), [-0.225, -0.3])).toBeLessThan(rounding);
    dispose();
    disposeAll(parameters);
  });

  it('has noise of deviation noiseMultiplier clipNorm / (q N), also of an empty batch', async () => {
    const outputs = 50_000;
    const wide = dense({ name: 'w', inputs: 2, outputs, bias: false });
    const parameters = { 'w.kernel': constant([2, outputs], 0) };
    const { training, dispose } = await trainingOn([], {
      losses: (tape, images) => tape.use(wide, images!.reshape([-1, 2])).sum(1),
      ...{ parameters, size: 40, sampleRate: 0.5, clipNorm: 3, noiseMultiplier: 2, microBatch: 2 },
    });
    const values = await flat(await training.next());
    expect(values).toHaveLength(100_000);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    expect(Math.abs(deviation / ((2 * 3) / (0.5 * 40)) - 1)).toBeLessThan(0.01); // 4.5 standard errors
    dispose();
    disposeAll(parameters);
  });

  it('is of Poisson batches: 2,000 sizes have mean q N and variance q (1 - q) N', async () => {
    const vectors: Vectors = Array<Vectors[number]>(1000).fill([1, 0]);
    const sums = await sumsOn(vectors, { sampleRate: 0.1, steps: 2000, microBatch: 256 });
    const sizes = sums.map(([size]) => size!);
    const mean = sizes.reduce((a, b) => a + b, 0) / sizes.length;
    const variance = sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / sizes.length;
    expect(Math.abs(mean - 100)).toBeLessThan(1);
    expect(Math.abs(variance / 90 - 1)).toBeLessThan(4 * Math.sqrt(2 / sizes.length)); // 4 standard errors
  });

  it('draws for all records of a step from one stream, another at each step, and by the noise, not by a seed', async () => {
    const seen: number[][] = [];
    const draws: TrainingOptions = {
      draws: (count, stream) => {
        const values = Float32Array.from({ length: count }, () => stream.uniform());
        seen.push([...values]);
        return [tf.tensor1d(values)];
      },
      losses: (tape, images, _labels, factor) => toyLosses(tape, images!).mul(factor!),
    };
    const vectors: Vectors = Array<Vectors[number]>(6).fill([1, 0]);
    const run = async (noise: SecureStream) => {
      seen.length = 0;
      await sumsOn(vectors, { ...draws, steps: 2, noise });
      return seen.slice(2).flat(); // the first two are of the isolation check
    };
    const first = await run(new SecureStream(1));
    expect(new Set(first).size).toBe(12);
    expect(await run(new SecureStream(1))).toEqual(first);
    const secret = [await run(new SecureStream()), await run(new SecureStream())].flat();
    expect(new Set([...first, ...secret]).size).toBe(36);
  });
});

describe('sensitivity', () => {
  const vectors: Vectors = [
    [25, 0],
    [0, 20],
    [3, 4],
    [0.1, 0.2],
    [0, 0],
    [25.5, 25.5],
  ];

  it.each([
    [1, 'float32'],
    [2.5, 'float32'],
    [1, 'bfloat16'],
  ] as const)('of the sum between neighbours is clipNorm %d, and is reached, in %s', async (clipNorm, precision) => {
    const options = { clipNorm, size: vectors.length, precision };
    const [whole] = await sumsOn(vectors, options);
    const changes = [];
    for (const left of vectors.keys()) {
      const [fewer] = await sumsOn(
        vectors.filter((_, i) => i !== left),
        options,
      );
      changes.push(distance(whole!, fewer!));
    }
    const most = Math.max(...changes);
    expect(most).toBeLessThan(clipNorm * (1 + rounding));
    expect(most).toBeGreaterThan(clipNorm * (1 - rounding));
    // Below the bound, a record counts as it is: bfloat16 rounds it.
    expect(Math.abs(changes[3]! - Math.hypot(0.1, 0.2))).toBeLessThan(precision === 'bfloat16' ? 2e-3 : rounding);
  });

  it('holds for a record whose label is no class: it reaches into no other', async () => {
    const labels: TrainingOptions['losses'] = (tape, images, oneHot) =>
      toyLosses(tape, images!.mul(oneHot!.sum(1).reshape([-1, 1, 1, 1])));
    const rows = { ...vectorRows(three), labels: Uint8Array.of(0, 3, 0) }; // of two classes
    const [sum] = await sumsOn(three, { rows, losses: labels, clipNorm: 10 });
    expect(distance(sum!, [2, 1])).toBeLessThan(10 * rounding);
  });

  it('covers the trained parameters together, and those only', async () => {
    const [first, second] = ['first', 'second'].map((name) => dense({ name, inputs: 2, outputs: 1, bias: false }));
    const parameters = { 'first.kernel': constant([2, 1], 1), 'second.kernel': constant([2, 1], 1) };
    const losses: TrainingOptions = {
      losses: (tape, images) => {
        const rows = images!.reshape([-1, 2]).mul(25.5);
        return tape.use(first!, rows).add(tape.use(second!, rows)).reshape([-1]);
      },
    };
    const [both] = await sumsOn([[3, 4]], { ...losses, parameters });
    expect(distance(both!, [0.6, 0.8, 0.6, 0.8].map((value) => value * Math.SQRT1_2))).toBeLessThan(rounding); // prettier-ignore
    const { training, dispose } = await trainingOn([[3, 4]], { ...losses, parameters, trained: ['second.kernel'] });
    const released = await training.next();
    expect(Object.keys(released)).toEqual(['second.kernel']); // the first is frozen: no gradient, no noise
    expect(distance(await flat(released), [0.6, 0.8])).toBeLessThan(rounding);
    dispose();
    disposeAll(parameters);
  });
});

describe('what it costs', () => {
  it('is one line of the ledger for all steps', async () => {
    const { ledger, training, dispose } = await trainingOn(three, {
      ...{ sampleRate: 0.5, steps: 7, noiseMultiplier: 3, clipNorm: 0.25 },
    });
    const event = selfComposedEvent(poissonSampledEvent(0.5, gaussianEvent(3)), 7);
    const fields = { of: 'network', mechanism: 'dp-sgd', noise: 'fixed', relation: 'add-or-remove-one' };
    expect(ledger.entries).toMatchObject([
      { ...fields, sensitivity: 0.25, noiseScale: 0.75, arithmetic: 'rounded', event },
    ]);
    tf.dispose(await training.next());
    expect(ledger.entries).toHaveLength(1);
    dispose();
  });

  it('is written before a row is read, and each batch before it is drawn', async () => {
    const log: string[] = [];
    const rows = { ...vectorRows(three) };
    const { data, count } = rows;
    Object.defineProperty(rows, 'data', { get: () => (log.push('row'), data) });
    Object.defineProperty(rows, 'count', { get: () => (log.push('count'), count) });
    const options = { rows, size: 3, steps: 2, microBatch: 4, journal: journalOf(log) };
    const { training, dispose } = await trainingOn(three, options);
    while (training.step < training.steps) tf.dispose(await training.next());
    dispose();
    const order = log.filter((line, i) => line !== log[i - 1]);
    expect(order).toEqual(['charged 1', 'count', 'begun 0 1', 'row', 'begun 0 2', 'row']);
  });

  it('goes on after the batches that were begun, and draws no more than are planned', async () => {
    const log: string[] = [];
    const { training, dispose } = await trainingOn(three, { steps: 5, journal: journalOf(log, 3) });
    expect([training.step, training.steps]).toEqual([3, 5]);
    while (training.step < training.steps) tf.dispose(await training.next());
    expect(log).toEqual(['charged 1', 'begun 0 4', 'begun 0 5']);
    await expect(training.next()).rejects.toThrow(
      'Poisson sampling: every planned batch was drawn, and no more are paid for; got 6, expected at most 5 batches.',
    );
    expect(log).toHaveLength(3);
    dispose();
  });
});

describe('2,000 steps', () => {
  it('leave tensors and memory as they were after the first 300', async () => {
    const collect = (globalThis as { gc?: () => void }).gc ?? (() => undefined);
    const vectors: Vectors = Array.from({ length: 64 }, (_, i) => [i % 26, 1]);
    const { training, dispose } = await trainingOn(vectors, {
      ...{ sampleRate: 0.1, steps: 2300, noiseMultiplier: 1, microBatch: 8 },
    });
    const steps = async (until: number) => {
      while (training.step < until) tf.dispose(await training.next());
      collect();
      return { tensors: tf.memory().numTensors, bytes: tf.memory().numBytes, resident: process.memoryUsage().rss };
    };
    const warm = await steps(300);
    const after = await steps(2300);
    expect([after.tensors, after.bytes]).toEqual([warm.tensors, warm.bytes]);
    expect(after.resident / warm.resident).toBeLessThan(1.05);
    dispose();
  });
});
