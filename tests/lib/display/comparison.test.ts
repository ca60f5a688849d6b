import { describe, expect, it } from 'vitest';
import { displaySymbol } from '../../../lib/core/mime.js';
import { compare } from '../../../lib/display/index.js';
import { run, score } from './runs.js';

const fid = (value: number, features: string) =>
  score(value, { metric: 'fid', title: 'FID', features, unit: '', better: 'lower' });

describe('compare', () => {
  it('has a row a metric and a column a result', () => {
    const mine = run({ metrics: { accuracy: score(81), fid: fid(7, 'cnn') } });
    const theirs = { name: 'theirs <1>', dataset: 'mnist', scale: 'smoke', metrics: { fid: fid(9, 'cnn') } };
    const made = compare(mine, theirs);
    expect(String(made).split('\n')).toEqual([
      'Scores against mnist',
      'metric    by   better  1: dp-merf, epsilon 10, smoke scale  2: theirs <1>, smoke scale',
      '--------  ---  ------  -----------------------------------  --------------------------',
      'Accuracy       higher                       81 % n = 1,000',
      'FID       cnn  lower                           7 n = 1,000                 9 n = 1,000',
      '(diagnostic: computed from private data without noise, not differentially private)',
    ]);
    expect((made[displaySymbol]() as Record<string, string>)['text/html']).toContain('theirs &lt;1&gt;');
  });

  it('keeps in rows of their own what cannot be compared, and marks what is biased', () => {
    const biased = score(83, { variant: 'selection: reference', biased: 'chosen on the test set' });
    const rows = String(
      compare(
        run({ metrics: { accuracy: score(81), fid: fid(7, 'cnn') } }),
        run({ metrics: { accuracy: biased, fid: fid(300, 'inception') } }),
      ),
    ).split('\n');
    expect(rows).toHaveLength(3 + 4 + 1);
    expect(rows.slice(3, 7).map((row) => row.split(' ')[0])).toEqual(['Accuracy', 'Accuracy', 'FID', 'FID']);
    expect(rows.find((row) => row.includes('83 %'))).toMatch(/selection: reference.* BIASED/);
    expect(rows.find((row) => row.includes('83 %'))).not.toContain('81 %');
    expect(rows.find((row) => row.includes('300'))).not.toContain(' 7 ');
  });

  it('refuses one result, and results against different datasets', () => {
    expect(() => compare(run())).toThrow('dp.compare: number of results is out of range; got 0');
    expect(() => compare(run(), run({ dataset: 'fashion-mnist' }))).toThrow(
      'dp.compare: the results are scores against different datasets; got ["mnist","fashion-mnist"], expected one dataset.',
    );
  });
});
