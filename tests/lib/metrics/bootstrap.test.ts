import { describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import {
  bootstrapRows,
  centredInterval,
  intervalLevel,
  openSpread,
  quantile,
  spreadShare,
} from '../../../lib/metrics/bootstrap.js';
import { revealForDisplay } from '../../../lib/core/diagnostic.js';
import { Sensitive } from '../../../lib/mechanisms/index.js';

/** Of an end of an interval over 400 draws of 2,000 rows, with its standard error of about a tenth of its width. */
const drawnEnds = 0.015;

describe('the interval of a share', () => {
  it('is the binomial one, within [0, 1]', () => {
    // scipy.stats.binom.interval(0.95, 10000, 0.3) -> (2910, 3090)
    const { value, lower, upper } = spreadShare(3000, 10_000, new SeededStream(1));
    expect(value).toBe(0.3);
    expect(Math.abs(lower! - 0.291)).toBeLessThan(0.003);
    expect(Math.abs(upper! - 0.309)).toBeLessThan(0.003);
    expect(spreadShare(50, 50, new SeededStream(1))).toEqual({ value: 1, lower: 1, upper: 1 });
    expect(spreadShare(0, 50, new SeededStream(1))).toEqual({ value: 0, lower: 0, upper: 0 });
    expect(spreadShare(49, 50, new SeededStream(1)).upper).toBeLessThanOrEqual(1);
  });
});

describe('bootstrap', () => {
  it('quantiles are those of NumPy', () => {
    // np.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 0.975, 1])
    const values = [0, 0.1, 0.5, 0.975, 1].map((fraction) => quantile([1, 2, 4, 8], fraction));
    expect(values.map((value) => Number(value.toFixed(9)))).toEqual([1, 1.3, 3, 7.7, 8]);
  });

  it('the interval of a mean is the one of the central limit theorem, by the seed', () => {
    const rows = Array.from({ length: 2000 }, (_, i) => Math.sin(i * 12.9898) * Math.SQRT2); // variance 1
    const mean = (places: ArrayLike<number>) =>
      Array.from(places).reduce((sum, at) => sum + rows[at]!, 0) / places.length;
    const draw = (seed: number) => {
      const stream = new SeededStream(seed);
      const values = Array.from({ length: 400 }, () => mean(bootstrapRows(2000, stream)));
      return centredInterval(0.3, values);
    };
    const { value, lower, upper } = draw(1);
    expect(value).toBe(0.3);
    expect(Math.abs(lower - (0.3 - 1.96 / Math.sqrt(2000)))).toBeLessThan(drawnEnds);
    expect(Math.abs(upper - (0.3 + 1.96 / Math.sqrt(2000)))).toBeLessThan(drawnEnds);
    expect(upper - lower).toBeGreaterThan(0.06);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
  });

  it('the interval lies about the score although draws of a distance lie above it', () => {
    const { lower, upper } = centredInterval(5, [6, 7, 8]);
    expect([lower, upper].map((end) => Number(end.toFixed(9)))).toEqual([4.05, 5.95]);
  });

  it('opens a sealed score as diagnostics that say what they are of', async () => {
    const facts = { name: 'digits', size: 1, classes: ['0'], shape: { height: 1, width: 1, channels: 1 } };
    const score = Sensitive.seal({ value: 2, lower: 1, upper: 4 }, facts);
    const { value, interval } = await openSpread(score, 'FID against digits', 'three draws');
    expect([value, interval!.lower, interval!.upper].map(revealForDisplay)).toEqual([2, 1, 4]);
    expect(interval).toMatchObject({ level: intervalLevel, over: 'three draws' });
    expect(value.of).toBe('FID against digits');
    expect(interval!.upper.of).toBe('FID against digits, upper end');
    expect(await openSpread(score, 'FID')).not.toHaveProperty('interval');
  });
});
