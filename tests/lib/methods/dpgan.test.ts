import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { parameterValues } from '../../../lib/core/options.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { dpgan } from '../../../lib/methods/dpgan.js';
import { parameterCount } from '../../../lib/nn/parameters.js';
import { Gan } from '../../../lib/methods/gan/gan.js';
import { calibrate } from '../../../lib/privacy/index.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 28, width: 28, channels: 1 };
const options = { method: 'dpgan', dataset: 'mnist-10k', epsilon: 10, scale: 'smoke', limit: 500 } as const;
const facts = (size: number) => ({ name: 'digits', size, classes: [...'0123456789'], shape });

describe('the plan of DPGAN', () => {
  it('is that of the reference at paper scale: its published noise multipliers come out', () => {
    // 55,000 records, 150 epochs of 14 batches; DPImageBench finds 1.994629 and 14.6875 by RDP, with a bisection that stops
    // up to 0.01 below epsilon.
    const params = parameterValues('dpgan', dpgan.params, 'paper', { steps: 2100 });
    const [release] = dpgan.spends(params, facts(55000));
    expect(release).toMatchObject({ mechanism: 'dp-sgd', sensitivity: 1e-3, sampling: { sampleRate: 1 / 14 } });
    const delta = 1 / (55000 * Math.log(55000));
    const found = (epsilon: number) =>
      calibrate((free) => release!.event(free), { epsilon, delta, accountant: 'rdp', names: ['x'] });
    expect(found(10)).toBeGreaterThan(1.993);
    expect(found(10)).toBeLessThanOrEqual(1.994629);
    expect(found(1)).toBeGreaterThan(14.54);
    expect(found(1)).toBeLessThanOrEqual(14.6875);
  });
});

describe('the networks of DPGAN', () => {
  it.each([
    ['paper', 6645250, 1184163, 60], // those that DPImageBench's code logs, with 10 classes
    ['laptop', 169161, 235265, 20],
  ] as const)('have the known sizes at scale %s', (scale, ofGenerator, ofCritic, latentSize) => {
    const before = tf.memory().numTensors;
    const gan = new Gan(facts(60000), parameterValues('dpgan', dpgan.params, scale), 10, new SeededStream(1));
    expect(parameterCount(gan.generator.parameters)).toBe(ofGenerator);
    expect(parameterCount(gan.criticWeights)).toBe(ofCritic);
    expect(gan.generator.options.latentSize).toBe(latentSize);
    gan.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('training by DPGAN', () => {
  const rest = { samples: 10, metrics: [], insecureNoiseSeed: 1 } as const;

  it('refuses a momentum of 1, by which nothing would ever move', async () => {
    const before = tf.memory().numTensors;
    await expect(run({ ...options, ...rest, params: { momentum: 1 } })).rejects.toThrow(
      'dpgan: momentum is out of range; got 1, expected a number of at least 0 and below 1.',
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is the same at any clip norm that clips all gradients: Adam sees them in units of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dpbench-dpgan-'));
    const images = async (clipNorm: number) => {
      const params = { clipNorm, steps: 4 };
      return (await run({ ...options, ...rest, params, out: join(folder, String(clipNorm)) })).images.data;
    };
    const [large, small] = [await images(2 ** -6), await images(2 ** -10)];
    // The lattice of the noise scales with the norm: only rounding of pixels may differ.
    const most = large.reduce((most, value, i) => Math.max(most, Math.abs(value - small[i]!)), 0);
    expect(most).toBeLessThanOrEqual(1);
    expect(new Set(large).size).toBeGreaterThan(10);
  });
});
