import { describe, expect, it } from 'vitest';
import { epsilonCurve } from '../../../lib/display/index.js';
import { epsilon } from '../../../lib/privacy/index.js';

const mechanism = { noiseMultiplier: [2, 1], sampleRate: 0.05, steps: 100, delta: 1e-5 };

describe('epsilonCurve', () => {
  it('draws the upper bound of each accountant, in the order of the values', () => {
    const { data, layout } = epsilonCurve(mechanism);
    const upper = (accountant: string, noiseMultiplier: number) =>
      epsilon({ ...mechanism, noiseMultiplier, accountant }).upper;
    expect(data).toMatchObject([
      { name: 'pld', x: [1, 2], y: [upper('pld', 1), upper('pld', 2)] },
      { name: 'rdp', x: [1, 2], y: [upper('rdp', 1), upper('rdp', 2)] },
    ]);
    expect(JSON.stringify(layout.title)).toContain('Epsilon against noise multiplier');
    expect(JSON.stringify(layout.title)).toContain('sample rate 0.05; steps 100; delta 0.00001');
  });

  it('varies any of the numbers; wide ranges are logarithmic', () => {
    const steps = epsilonCurve({ noiseMultiplier: 5, steps: [1, 10, 100], delta: 1e-5, accountant: 'gdp' });
    expect(steps.data).toHaveLength(1);
    expect(steps.layout.xaxis).toMatchObject({ type: 'log' });
    const delta = epsilonCurve({ noiseMultiplier: 5, delta: [1e-5, 1e-6], accountant: ['gdp', 'rdp'] });
    expect(delta.data[0]).toMatchObject({ x: [1e-6, 1e-5] });
  });

  it('names the accountants that cannot take the mechanism', () => {
    const { data, layout } = epsilonCurve({ ...mechanism, accountant: ['rdp', 'gdp'] });
    expect(data).toHaveLength(1);
    expect(JSON.stringify(layout.title)).toContain('not by gdp: it refuses a part of the mechanism');
  });

  it('refuses none or two lists, an empty one, and bad numbers', () => {
    expect(() => epsilonCurve({ noiseMultiplier: 1, delta: 1e-5 })).toThrow(
      'dp.epsilonCurve: exactly one of the numbers must be a list; got [], expected one of noiseMultiplier, sampleRate, steps, delta.',
    );
    expect(() => epsilonCurve({ ...mechanism, steps: [1, 2] })).toThrow('got ["noiseMultiplier","steps"]');
    expect(() => epsilonCurve({ ...mechanism, noiseMultiplier: [] })).toThrow(
      'dp.epsilonCurve: noiseMultiplier is an empty list; got [], expected at least one value.',
    );
    expect(() => epsilonCurve({ ...mechanism, noiseMultiplier: [1, -1] })).toThrow(
      'dp.epsilonCurve: noiseMultiplier is out of range; got -1, expected a number above 0.',
    );
    expect(() => epsilonCurve({ ...mechanism, accountant: 'prv' })).toThrow("accountant: no such name; got 'prv'");
  });
});
