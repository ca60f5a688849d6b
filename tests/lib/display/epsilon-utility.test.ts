import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../lib/core/errors.js';
import { epsilonUtility } from '../../../lib/display/index.js';
import { run, score } from './runs.js';

interface Line {
  name: string;
  x: number[];
  y: number[];
  error_y: { array: number[]; visible: boolean };
  line: { color: string; dash: string };
}

const linesOf = (runs: Parameters<typeof epsilonUtility>[0]['runs'], metric?: string) =>
  epsilonUtility({ runs }, { metric }).data as unknown as Line[];

const accuracy = (value: number) => ({ accuracy: score(value) });

describe('epsilonUtility', () => {
  it('draws the mean and the sample standard deviation over seeds, in the order of epsilon', () => {
    const runs = [70, 74, 81].map((value, seed) => run({ seed, metrics: accuracy(value) }));
    const [line] = linesOf([...runs, run({ epsilon: 1, metrics: accuracy(50) })]);
    expect(line!.x).toEqual([1, 10]);
    // (70 + 74 + 81) / 3 = 75; squares 25 + 1 + 36 = 62; sqrt(62 / 2) = sqrt(31).
    expect(line!.y).toEqual([50, 75]);
    expect(line!.error_y.array[0]).toBe(0);
    expect(line!.error_y.array[1]).toBeCloseTo(Math.sqrt(31), 12);
  });

  it('labels a logarithmic axis with the epsilons that were run', () => {
    const { layout } = epsilonUtility({ runs: [run({ epsilon: 20 }), run({ epsilon: 0.2 })] });
    expect(layout.xaxis).toMatchObject({ type: 'log', tickvals: [0.2, 20], ticktext: ['0.2', '20'] });
  });

  it('says scale, seeds, what is better, and that scores are diagnostics', () => {
    const { layout } = epsilonUtility({ runs: [run(), run({ seed: 1 }), run({ epsilon: 1 })] });
    const title = JSON.stringify(layout.title);
    expect(title).toContain('smoke scale');
    expect(title).toContain('mean of 1 to 2 seeds, bars are one sample standard deviation');
    expect(title).toContain('diagnostic: computed from private data without noise, not differentially private');
    expect(JSON.stringify(layout.yaxis)).toContain('accuracy (%), higher is better');
    expect(JSON.stringify(epsilonUtility({ runs: [run()] }).layout)).toContain('one seed, so no error bars');
  });

  it('draws one line for each method and dataset; a method keeps its colour', () => {
    const both = ['mnist', 'eurosat'].flatMap((dataset) =>
      ['my-own', 'dpdm'].map((method) => run({ method, dataset })),
    );
    const lines = linesOf(both);
    expect(lines.map((line) => line.name)).toEqual([
      'my-own, mnist',
      'dpdm, mnist',
      'my-own, eurosat',
      'dpdm, eurosat',
    ]);
    // '#B1CE46' is the seventh colour of the reference figures, and DPDM their seventh method.
    expect(lines.map((line) => line.line.color === '#B1CE46')).toEqual([false, true, false, true]);
    expect(lines.map((line) => line.line.dash)).toEqual(['solid', 'solid', 'dash', 'dash']);
    expect(linesOf([run()]).map((line) => line.name)).toEqual(['dp-merf']);
  });

  it('draws any metric, with its features, and counts the runs that lack it', () => {
    const fid = { fid: score(12, { features: 'inception-v3', unit: '', better: 'lower' }) };
    const figure = epsilonUtility({ runs: [run({ metrics: fid }), run({ seed: 1 })] }, { metric: 'fid' });
    expect(JSON.stringify(figure.layout.yaxis)).toContain('fid, inception-v3, lower is better');
    expect(JSON.stringify(figure.layout.title)).toContain('1 of 2 runs lack the metric');
  });

  it('says how classifiers were selected, and that it flatters', () => {
    const biased = { variant: 'selection: reference, best of 3', biased: 'chosen on the test set' };
    const words = JSON.stringify(epsilonUtility({ runs: [run({ metrics: { accuracy: score(80, biased) } })] }).layout);
    expect(words).toContain('selection: reference, best of 3<br>BIASED: chosen on the test set');
    const [few, many] = ['10 records', '20 records'].map((against) =>
      run({ metrics: { accuracy: score(80, { against }) } }),
    );
    expect(() => epsilonUtility({ runs: [few!, { ...many!, seed: 1 }] })).toThrow('the number of real records differs');
  });

  it('refuses points that cannot be compared', () => {
    const mixed = (change: object) => () => epsilonUtility({ runs: [run(), run({ epsilon: 1, ...change })] });
    expect(mixed({ scale: 'paper' })).toThrow(
      'dp.epsilonUtility: the scale differs between the runs; got ["smoke","paper"], expected one for all. ' +
        'Draw them in separate charts.',
    );
    expect(mixed({ scale: 'paper' })).toThrow(OptionError);
    expect(mixed({ delta: 1e-3 })).toThrow('delta (mnist) differs between the runs; got [0.00001,0.001]');
    expect(mixed({ delta: 1e-3, dataset: 'eurosat' })).not.toThrow();
    expect(mixed({ accountant: 'pld' })).toThrow('the accountant differs between the runs; got [null,"pld"]');
    expect(mixed({ config: { accountant: 'rdp' } })).toThrow('got [null,"rdp"]');
    expect(mixed({ metrics: { accuracy: score(1, { features: 'x' }) } })).toThrow('the feature extractor differs');
    expect(mixed({ epsilon: 10 })).toThrow(
      'two runs of dp-merf on mnist at epsilon 10 have the same seed; got [0,0], expected one run for each seed',
    );
    expect(mixed({ epsilon: Infinity })).toThrow('epsilon is out of range; got Infinity');
    const scored = (samples: number) => ({ fid: score(1, { features: 'x', samples }) });
    const runs = [run({ metrics: scored(10) }), run({ epsilon: 1, metrics: scored(20) })];
    expect(() => epsilonUtility({ runs }, { metric: 'fid' })).toThrow('the number of samples differs');
  });

  it('names the metrics there are when the one asked for is not', () => {
    expect(() => epsilonUtility({ runs: [run()] }, { metric: 'acuracy' })).toThrow(
      "dp.epsilonUtility: no run has this metric; got 'acuracy', expected accuracy. Did you mean 'accuracy'?",
    );
    expect(() => epsilonUtility({ runs: [run({ metrics: {} })] })).toThrow('expected runs with metrics');
    expect(() => epsilonUtility({ runs: [] })).toThrow('dp.epsilonUtility: no runs');
  });
});
