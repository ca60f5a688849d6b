import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { betas, ddimSteps, signalShares } from '../../../../lib/nn/latent-diffusion/noise-schedule.js';

describe('the noise schedule', () => {
  it('is that of the reference', () => {
    // Python: b = numpy.linspace(0.0015**0.5, 0.0155**0.5, 1000)**2; a = numpy.cumprod(1 - b)
    const [b, a] = [betas(), signalShares()];
    for (const [got, expected] of [
      [b[0], 0.0015],
      [b[1], 0.0015066577],
      [b[999], 0.0155],
      [a[0], 0.9985],
      [a[99], 0.8306776],
      [a[499], 0.15107742],
      [a[999], 0.00066866517],
    ] as const)
      expect(Math.abs(got! / expected - 1)).toBeLessThan(5e-8); // as many digits as are written
    expect(a).toHaveLength(1000);
  });
});

describe('the steps of DDIM', () => {
  it('200 of them are at 996, 991, …, 1, with the fresh noise of the reference', () => {
    const steps = ddimSteps({ steps: 200, eta: 1 });
    expect(steps.map(({ time }) => time)).toEqual(Array.from({ length: 200 }, (_, i) => 996 - 5 * i));
    // eta sqrt((1 - a') / (1 - a) (1 - a / a')) in Python, the last step's a' being that of time 0
    for (const [i, expected] of [
      [199, 0.027426742],
      [198, 0.046461669],
      [0, 0.27318307],
    ] as const)
      expect(Math.abs(steps[i]!.fresh / expected - 1)).toBeLessThan(5e-8);
  });

  it.each([
    [200, 0],
    [20, 0],
    [7, 0.5],
    [200, 1],
    [1000, 1],
  ])('map the noise of known latents to the next time: %i steps, eta %d', (count, eta) => {
    const shares = signalShares();
    const steps = ddimSteps({ steps: count, eta });
    expect(steps).toHaveLength(count);
    steps.forEach(({ time, keep, fromNoise, fresh }, i) => {
      const [a, next] = [shares[time]!, shares[steps[i + 1]?.time ?? 0]!];
      // x = sqrt(a) x0 + sqrt(1 - a) e becomes sqrt(a') x0 + sqrt(1 - a' - s²) e + s fresh noise.
      expect(keep * Math.sqrt(a)).toBeCloseTo(Math.sqrt(next), 12);
      expect(keep * Math.sqrt(1 - a) + fromNoise).toBeCloseTo(Math.sqrt(1 - next - fresh ** 2), 12);
      expect(fresh === 0).toBe(eta === 0 || a === next);
    });
  });

  it('refuse what is out of range', () => {
    expect(() => ddimSteps({ steps: 1001, eta: 0 })).toThrow(OptionError);
    expect(() => ddimSteps({ steps: 1001, eta: 0 })).toThrow(
      'ddimSteps: steps is out of range; got 1001, expected at most 1000.',
    );
    expect(() => ddimSteps({ steps: 0, eta: 0 })).toThrow('ddimSteps: steps is out of range; got 0');
    for (const eta of [-0.1, 1.1, NaN])
      expect(() => ddimSteps({ steps: 10, eta })).toThrow('expected a number from 0 to 1.');
  });
});
