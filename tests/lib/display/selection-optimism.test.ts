import { describe, expect, it } from 'vitest';
import { selectionOptimism } from '../../../lib/display/index.js';
import { run, score } from './runs.js';

const scored = (value: number, variant?: string) =>
  run({ metrics: { accuracy: score(value, variant ? { variant } : {}) } });
const pair = (value: number, gain: number) => ({
  reference: scored(value + gain, 'selection: reference'),
  honest: scored(value, 'selection: final'),
});

describe('selectionOptimism', () => {
  it('shows each gain, their mean and its interval', () => {
    const { data, layout } = selectionOptimism([pair(80, 1), pair(70, 2), pair(60, 3)]);
    expect(data[0]).toMatchObject({ x: [1, 2, 3], y: [1, 2, 3] });
    expect(data[1]).toMatchObject({ name: 'mean', y: [2, 2] });
    const words = JSON.stringify(layout);
    // scipy.stats.t.interval(0.95, 2, 2, 3 ** -0.5) -> (-0.484, 4.484)
    expect(words).toContain('mean 2 points, 95 % interval -0.4841 to 4.484, 3 seeds');
    expect(words).toContain('What selection: reference adds to accuracy, mnist');
    expect(words).toContain('diagnostic');
  });

  it('refuses one pair, one selection, and results without accuracy', () => {
    expect(() => selectionOptimism([pair(80, 1)])).toThrow(
      'dp.selectionOptimism: number of pairs is out of range; got 0',
    );
    const same = { reference: scored(1), honest: scored(1) };
    expect(() => selectionOptimism([same, same])).toThrow(
      'dp.selectionOptimism: the pairs are not selected in two ways, the same for all; got ["selection: synthetic","selection: synthetic"]',
    );
    expect(() => selectionOptimism([pair(1, 1), same])).toThrow('the pairs are not selected in two ways');
    const none = { reference: run({ metrics: {} }), honest: run() };
    expect(() => selectionOptimism([none, none])).toThrow('dp.selectionOptimism: a result has no accuracy; got []');
  });
});
