import { describe, expect, it } from 'vitest';
import { gaussianSteps } from '../../lib/privacy/epsilon.js';
import { gaussianEpsilon } from '../../lib/privacy/gaussian.js';
import { accountants, calibrate } from '../../lib/privacy/index.js';
import { logNormalCdf } from '../../lib/privacy/log-erfc.js';
import { pld } from '../../lib/privacy/pld.js';

/** Delta of one Gaussian release on a Poisson sample at an epsilon, in closed form. */
function exactDelta(rate: number, noise: number, epsilon: number): number {
  const x = noise * noise * Math.log1p(Math.expm1(epsilon) / rate) + 0.5;
  const [shifted, centred] = [logNormalCdf((1 - x) / noise), logNormalCdf(-x / noise)].map(Math.exp) as [
    number,
    number,
  ];
  return rate * shifted + (1 - rate - Math.exp(epsilon)) * centred;
}

const cases = [0.02, 0.1, 0.5, 0.9].flatMap((rate) =>
  [0.5, 1, 2, 4].flatMap((noise) => [0.1, 0.5, 1, 2].map((epsilon) => ({ rate, noise, epsilon }))),
);

/** The check: no mechanism whose exact epsilon is known costs more than an accountant says. */
function isGuarantee(upper: (rate: number, noise: number, delta: number) => number): boolean {
  return cases
    .map((one) => ({ ...one, delta: exactDelta(one.rate, one.noise, one.epsilon) }))
    .filter(({ delta }) => delta > 1e-12 && delta < 1)
    .every(({ rate, noise, epsilon, delta }) => upper(rate, noise, delta) >= epsilon * (1 - 1e-9));
}

describe('pitfall 12: rounding and accounting errors are on the safe side', () => {
  it.each(['pld', 'rdp'])('holds for the upper end of %s', (id) => {
    expect(isGuarantee((q, z, delta) => accountants.get(id).epsilon(gaussianSteps(z, q, 1), delta).upper)).toBe(true);
  });

  it('is what calibration keeps: the noise that it finds holds the budget by the closed form', () => {
    for (const rate of [0.05, 0.5]) {
      const noise = calibrate((z) => gaussianSteps(z, rate, 1), { epsilon: 1, delta: 1e-6 });
      expect(exactDelta(rate, noise, 1)).toBeLessThanOrEqual(1e-6);
    }
  });

  it('fails for the mutations that report the estimate, the lower end, or the central limit', () => {
    const end = (name: 'lower' | 'estimate') =>
      isGuarantee((q, z, delta) => pld.epsilon(gaussianSteps(z, q, 1), delta)[name]);
    expect(end('estimate')).toBe(false);
    expect(end('lower')).toBe(false);
    const limit = (q: number, z: number) => q * Math.sqrt(Math.expm1(1 / (z * z)));
    expect(isGuarantee((q, z, delta) => gaussianEpsilon(limit(q, z), delta).upper)).toBe(false);
  });
});
