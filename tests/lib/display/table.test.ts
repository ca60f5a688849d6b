import { op } from 'arquero';
import { describe, expect, it } from 'vitest';
import { Diagnostic } from '../../../lib/core/diagnostic.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { epsilonUtility, metricsTable, table } from '../../../lib/display/index.js';
import { runNames } from '../../../lib/display/run-names.js';
import { run, score } from './runs.js';

const fid = (value: number, features: string) =>
  score(value, { metric: 'fid', title: 'FID', features, unit: '', better: 'lower' });

describe('table', () => {
  it('has one row a run and one column a metric, features in the name', () => {
    const made = table({
      runs: [
        run({ metrics: { accuracy: score(81), fid: fid(12, 'inception-v3') } }),
        run({ seed: 1, metrics: { accuracy: score(83), fid: fid(7, 'lenet') } }),
      ],
    });
    expect(made.columnNames()).toEqual([
      ...['method', 'dataset', 'epsilon', 'delta', 'seed', 'scale'],
      ...['accuracy', 'fid (inception-v3)', 'fid (lenet)', 'seconds'],
    ]);
    expect(made.objects()).toEqual([
      expect.objectContaining({
        method: 'dp-merf',
        seed: 0,
        accuracy: 81,
        'fid (inception-v3)': 12,
        'fid (lenet)': null,
      }),
      expect.objectContaining({
        method: 'dp-merf',
        seed: 1,
        accuracy: 83,
        'fid (inception-v3)': null,
        'fid (lenet)': 7,
      }),
    ]);
  });

  it('shortens the name of an extractor unless two would then look the same', () => {
    const columns = (...features: string[]) =>
      table(features.map((name) => run({ metrics: { fid: fid(1, name) } })))
        .columnNames()
        .filter((name) => name.startsWith('fid'));
    expect(columns('cnn (seed 0)', 'cnn (seed 0)', 'lenet')).toEqual(['fid (cnn)', 'fid (lenet)']);
    expect(columns('cnn (seed 0)', 'cnn (seed 1)')).toEqual(['fid (cnn (seed 0))', 'fid (cnn (seed 1))']);
  });

  it('keeps apart what was selected otherwise, or scored against another number of records of the same dataset', () => {
    const columns = (...runs: Parameters<typeof run>[0][]) =>
      table(runs.map((change) => run(change)))
        .columnNames()
        .filter((name) => name.startsWith('accuracy'));
    const scored = (change: object) => ({ metrics: { accuracy: score(80, change) } });
    expect(columns(scored({}), scored({ variant: 'selection: noisy' }))).toEqual([
      'accuracy',
      'accuracy (selection: noisy)',
    ]);
    expect(columns(scored({ against: '10 records' }), scored({ against: '20 records' }))).toEqual([
      'accuracy (10 records)',
      'accuracy (20 records)',
    ]);
    const other = { ...scored({ against: '20 records' }), dataset: 'other' };
    expect(columns(scored({ against: '10 records' }), other)).toEqual(['accuracy']);
  });

  it('can be worked on with arquero', () => {
    const made = table([run({ metrics: { accuracy: score(70) } }), run({ metrics: { accuracy: score(80) } })]);
    expect(made.rollup({ mean: op.mean('accuracy') }).get('mean', 0)).toBe(75);
    expect(table(run()).numRows()).toBe(1);
  });

  it('refuses an empty list', () => {
    expect(() => table([])).toThrow('dp.table: no runs; got [], expected at least one run');
  });
});

describe('metricsTable', () => {
  it('lists value, direction, features, samples and notes, and says that they are diagnostics', async () => {
    const noted = { ...fid(12.3456, 'inception-v3'), notes: ['few <samples>', 'second'] };
    const bundle = await metricsTable(run({ metrics: { accuracy: score(81.25), fid: noted } }))[displaySymbol]();
    expect(String(bundle['text/plain']).split('\n')).toEqual([
      'dp-merf on mnist, epsilon 10, smoke scale',
      'metric      value  interval  better  features      samples  notes',
      '--------  -------  --------  ------  ------------  -------  ---------------------',
      'Accuracy  81.25 %            higher                  1,000',
      'FID         12.35            lower   inception-v3    1,000  few <samples>; second',
      '(diagnostic: computed from private data without noise, not differentially private)',
    ]);
    expect(bundle['text/html']).toContain('few &lt;samples&gt;; second');
    const parts = [{ name: 'small-cnn', value: new Diagnostic(80, 'made-up') }];
    const [lower, upper] = [79, 83].map((value) => new Diagnostic(value, 'made-up'));
    const interval = { lower: lower!, upper: upper!, level: 0.95, over: 'bootstrap' };
    const whole = score(81, { parts, interval, biased: 'chosen on the test set', variant: 'selection: reference' });
    expect(
      String(metricsTable(run({ metrics: { accuracy: whole } })))
        .split('\n')
        .slice(1, 5),
    ).toEqual([
      'metric      value  95 % interval  better  features  samples  notes',
      `----------  -----  -------------  ------  --------  -------  ${'-'.repeat(73)}`,
      'Accuracy     81 %  79 to 83       higher              1,000  BIASED: chosen on the test set; selection: reference; interval: bootstrap',
      '\u2003small-cnn   80 %',
    ]);
    expect(bundle['text/html']).toContain('not differentially private');
  });

  it('tells a run that began with central images from one that did not, as the chart does', () => {
    const runs = [run(), run({ warmUp: 'central-images', seed: 1 })];
    expect([...(table(runs).array('method') as string[])]).toEqual(['dp-merf', 'dp-merf after central images']);
    expect(runNames(runs)).toEqual(['dp-merf, seed 0', 'dp-merf after central images, seed 1']);
    expect(JSON.stringify(epsilonUtility({ runs }).data.map(({ name }) => name as string))).toBe(
      '["dp-merf","dp-merf after central images"]',
    );
  });
});
