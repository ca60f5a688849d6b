import { describe, expect, it } from 'vitest';
import { composedEvent, gaussianEvent, laplaceEvent } from '../../../lib/core/events.js';
import { epsilon, epsilonByAccountant } from '../../../lib/privacy/index.js';

describe('epsilon', () => {
  it('says which accountant gave the number', () => {
    const result = epsilon({ noiseMultiplier: 1, sampleRate: 0.01, steps: 1000, delta: 1e-5, accountant: 'rdp' });
    expect(result.upper).toBeCloseTo(2.101365, 5);
    expect(result.accountant).toBe('rdp');
    const exact = epsilon({ noiseMultiplier: 1, delta: 1e-5 });
    expect(exact.upper).toBeCloseTo(4.377178, 6);
  });

  it('refuses bad options by name', () => {
    const call = (change: object) => () => epsilon({ noiseMultiplier: 1, delta: 1e-5, ...change });
    expect(call({ noiseMultiplier: 0 })).toThrow('epsilon: noiseMultiplier is out of range; got 0');
    expect(call({ sampleRate: 0 })).toThrow('epsilon: sampleRate is out of range; got 0');
    expect(call({ steps: 0 })).toThrow('epsilon: steps is out of range; got 0');
    expect(call({ delta: 0 })).toThrow('epsilon: delta is out of range; got 0, expected a number above 0 and below 1.');
    expect(call({ sigma: 1 })).toThrow("epsilon: unknown option; got 'sigma'");
    expect(call({ accountant: 'prv' })).toThrow("accountant: no such name; got 'prv'");
  });
});

describe('epsilonByAccountant', () => {
  it('asks several, and says which part one refuses', () => {
    const event = composedEvent([gaussianEvent(2), laplaceEvent(3)]);
    const answers = epsilonByAccountant(event, 1e-6);
    expect(answers.map(({ accountant }) => accountant)).toEqual(['pld', 'rdp', 'gdp']);
    expect(answers[2]).toEqual({ accountant: 'gdp', refused: 'laplace' });
    const [byPld, byRdp] = answers.map((answer) => (answer.refused === undefined ? answer.upper : NaN));
    expect(byPld).toBeLessThan(byRdp!);
    expect(epsilonByAccountant(gaussianEvent(1), 1e-5, ['gdp'])).toMatchObject([{ accountant: 'gdp' }]);
    expect(() => epsilonByAccountant(event, 1e-6, ['prv'])).toThrow("accountant: no such name; got 'prv'");
  });
});
