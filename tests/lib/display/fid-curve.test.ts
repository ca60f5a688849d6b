import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../lib/core/errors.js';
import { fidCurve } from '../../../lib/display/index.js';
import { curve, run } from './runs.js';

const empty = curve([]);

describe('fidCurve', () => {
  it('draws the steps and values, and names extractor, samples and dataset', () => {
    const { data, layout } = fidCurve(run());
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ x: [100, 200, 300], y: [90, 60, 50], name: 'dp-merf' });
    expect(layout.title).toMatchObject({ text: 'FID while training on mnist' });
    expect(JSON.stringify(layout.title)).toContain('features: inception-v3; 5,000 samples each time');
    expect(JSON.stringify(layout.title)).toContain('not differentially private');
  });

  it('names each run by what tells it from the others', () => {
    const names = (runs: Parameters<typeof fidCurve>[0]) =>
      fidCurve(runs).data.map((trace) => (trace as { name: string }).name);
    expect(names([run(), run({ method: 'dpdm' })])).toEqual(['dp-merf', 'dpdm']);
    expect(names([run(), run({ epsilon: 1, seed: 2 })])).toEqual([
      'dp-merf, epsilon 10, seed 0',
      'dp-merf, epsilon 1, seed 2',
    ]);
    expect(names({ runs: [run(), run({ scale: 'paper' })] })).toEqual(['dp-merf, smoke scale', 'dp-merf, paper scale']);
  });

  it('gives each run a style of its own', () => {
    const runs = Array.from({ length: 20 }, (_, seed) => run({ seed }));
    const styles = fidCurve(runs).data.map((trace) => {
      const { line, marker } = trace as { line: object; marker: object };
      return JSON.stringify([line, marker]);
    });
    expect(new Set(styles).size).toBe(20);
  });

  it('counts the runs without a curve', () => {
    const { data, layout } = fidCurve([run(), run({ method: 'pe', curve: empty })]);
    expect(data).toHaveLength(1);
    expect(JSON.stringify(layout.title)).toContain('1 of 2 runs have no curve');
  });

  it('refuses runs that cannot be compared', () => {
    const other = (change: object) => () => fidCurve([run(), run({ curve: curve([1], change) })]);
    expect(other({ features: 'lenet' })).toThrow(
      'dp.fidCurve: the feature extractor differs between the runs; got ["inception-v3","lenet"], expected one for all. ' +
        'Draw them in separate charts.',
    );
    expect(other({ features: 'lenet' })).toThrow(OptionError);
    expect(other({ samples: 10 })).toThrow('the number of samples differs between the runs; got [5000,10]');
    expect(other({ metric: 'kid' })).toThrow('the metric differs between the runs; got ["fid","kid"]');
    expect(() => fidCurve([run(), run({ dataset: 'eurosat' })])).toThrow('the dataset differs between the runs');
    expect(() => fidCurve(run({ curve: empty }))).toThrow('no run has a curve; got ["dp-merf"]');
    expect(() => fidCurve([])).toThrow('dp.fidCurve: no runs; got [], expected at least one run');
  });
});
