import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { OptionError } from '../../../lib/core/errors.js';
import { parameterValues } from '../../../lib/core/options.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { DiffusionModel } from '../../../lib/methods/diffusion/model.js';
import { dpdm } from '../../../lib/methods/dpdm.js';
import { pdpDiffusion } from '../../../lib/methods/pdp-diffusion.js';
import { parameterCount } from '../../../lib/nn/parameters.js';
import { calibrate } from '../../../lib/privacy/index.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

const shape = { height: 28, width: 28, channels: 1 };
const facts = (size: number) => ({ name: 'digits', size, classes: [...'0123456789'], shape });

describe('the plan of DPDM', () => {
  it('is that of the reference at paper scale: its published noise multiplier comes out', () => {
    // 55,000 records, 150 epochs of 14 batches: the published log of DPImageBench states 1.99462890625 by RDP, whose
    // bisection stops up to 0.01 below epsilon 10.
    const params = parameterValues('dpdm', dpdm.params, 'paper', { steps: 2100 });
    const [release] = dpdm.spends(params, facts(55000));
    const options = { epsilon: 10, delta: 1 / (55000 * Math.log(55000)), accountant: 'rdp', names: ['x'] } as const;
    const noiseMultiplier = calibrate((free) => release!.event(free), options);
    expect(noiseMultiplier).toBeGreaterThan(1.993);
    expect(noiseMultiplier).toBeLessThanOrEqual(1.99462890625);
  });

  it('samples at one over a whole number of batches, and clips where the parameters say', () => {
    const params = parameterValues('dpdm', dpdm.params, 'laptop', { batchSize: 512, steps: 7, clipNorm: 0.5 });
    const [release] = dpdm.spends(params, facts(60000));
    expect(release).toMatchObject({
      mechanism: 'dp-sgd',
      sensitivity: 0.5,
      sampling: { sampleRate: 1 / 118, steps: 7 },
    });
    expect(
      pdpDiffusion
        .spends({ ...params, ...parameterValues('x', pdpDiffusion.params, 'laptop', { ...params }) }, facts(60000))[0]!
        .event(1),
    ).toEqual(release!.event(1));
  });
});

describe('the network of DPDM', () => {
  it('is the reference’s at paper scale, with a label row for each public class where there are more', async () => {
    await setupEngine();
    const params = parameterValues('dpdm', dpdm.params, 'paper');
    const before = tf.memory().numTensors;
    for (const [labels, expected] of [
      [10, 1485217],
      [1000, 1516897],
    ] as const) {
      const model = new DiffusionModel(facts(60000), params, labels, new SeededStream(1));
      expect(parameterCount(model.parameters)).toBe(expected);
      model.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is refused for sides that the reference has no network for', () => {
    const params = parameterValues('dpdm', dpdm.params, 'paper');
    const odd = { ...facts(100), shape: { height: 30, width: 30, channels: 1 } };
    const wrong = () => new DiffusionModel(odd, params, 10, new SeededStream(1));
    expect(wrong).toThrow(OptionError);
    expect(wrong).toThrow(
      'network by-image-side: DPImageBench has no network for images of this side; got 30, expected 28, 32, 64 or 128 pixels.',
    );
  });
});

describe('training by DPDM', () => {
  it('is the same at any clip norm that clips all gradients: Adam sees them in units of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dpbench-dpdm-'));
    const images = async (clipNorm: number) => {
      const options = { method: 'dpdm', dataset: 'mnist-10k', epsilon: 10, scale: 'smoke', limit: 500 } as const;
      const rest = { params: { clipNorm }, samples: 10, metrics: [], insecureNoiseSeed: 1 };
      return (await run({ ...options, ...rest, out: join(folder, String(clipNorm)) })).images.data;
    };
    const [one, other] = [await images(1e-4), await images(1e-7)];
    const apart = one.map((byte, i) => Math.abs(byte - other[i]!));
    expect(Math.max(...apart)).toBeLessThan(3); // bytes; the lattices of the noise differ
  }, 120_000);
});
