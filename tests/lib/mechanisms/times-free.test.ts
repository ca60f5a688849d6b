import { describe, expect, it } from 'vitest';
import { composedEvent, gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { dpSgd, gaussian, gaussianOnSamples } from '../../../lib/mechanisms/index.js';
import { calibrate } from '../../../lib/privacy/index.js';

const beside = gaussian({ of: 'means', l2Sensitivity: 1, timesFree: 20 });
const training = dpSgd({ of: 'gradients', clipNorm: 1, sampleRate: 0.01, steps: 200 });

describe('a release with noise in units of the free noise multiplier', () => {
  it('has that noise, in its event too, and is told from fixed noise', () => {
    expect(beside.noiseMultiplier(0.5)).toBe(10);
    expect(beside.event(0.5)).toEqual(gaussianEvent(10));
    expect(beside.noise).toBe('calibrated');
    const sampled = gaussianOnSamples({ of: 'x', l2Sensitivity: 1, sampleRate: 0.1, steps: 5, timesFree: 3 });
    expect(sampled.event(2)).toEqual(selfComposedEvent(poissonSampledEvent(0.1, gaussianEvent(6)), 5));
  });

  it('follows the budget: with less of it there is more noise on all releases of the plan', () => {
    const noise = (epsilon: number) =>
      calibrate((free) => composedEvent([beside, training].map((release) => release.event(free))), {
        ...{ epsilon, delta: 1e-5 },
      });
    const [large, small] = [noise(10), noise(1)];
    expect(small).toBeGreaterThan(large);
    expect(beside.noiseMultiplier(small)).toBe(20 * small);
  });

  it('is refused beside fixed noise, and out of range', () => {
    expect(() => gaussian({ of: 'x', l2Sensitivity: 1, timesFree: 2, noiseMultiplier: 3 })).toThrow(
      'plan of \'x\': the noise is both fixed (noiseMultiplier) and in units of the free one (timesFree); got {"noiseMultiplier":3,"timesFree":2}, expected one of them.',
    );
    expect(() => gaussian({ of: 'x', l2Sensitivity: 1, timesFree: 0 })).toThrow('timesFree is out of range; got 0');
  });
});
