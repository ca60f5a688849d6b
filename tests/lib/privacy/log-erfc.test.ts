import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { logErfc, logNormalCdf } from '../../../lib/privacy/log-erfc.js';

const golden = JSON.parse(readFileSync(new URL('../../golden/log-erfc.json', import.meta.url), 'utf8')) as {
  values: [x: number, logErfc: number][];
};

describe('logErfc', () => {
  // Relative 1e-13, or absolute 1e-15 where the logarithm itself is next to zero.
  it.each(golden.values)('at %d agrees with mpmath', (x, expected) => {
    expect(Math.abs(logErfc(x) - expected)).toBeLessThanOrEqual(1e-13 * Math.abs(expected) + 1e-15);
  });

  it('makes the normal distribution function', () => {
    expect(Math.exp(logNormalCdf(0))).toBeCloseTo(0.5, 15);
    expect(Math.exp(logNormalCdf(-1.959963984540054))).toBeCloseTo(0.025, 14); // scipy.stats.norm.ppf(0.025)
    expect(logNormalCdf(-40)).toBeCloseTo(-804.608442013754, 9); // scipy.special.log_ndtr(-40)
  });
});
