import { describe, expect, it } from 'vitest';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../lib/core/events.js';
import { epsilonUtility, table, type ChartRun } from '../../lib/display/index.js';
import { defaultAccountant } from '../../lib/privacy/index.js';
import { run } from '../lib/display/runs.js';

const other = { method: 'dpdm', seed: 1 };
const related = (relation: string): ChartRun => ({
  ...run({ accountant: 'rdp' }),
  ledger: { entries: [{ relation }] },
});
const unfair: Record<string, ChartRun[]> = {
  'two accountants': [run({ accountant: 'pld' }), run({ ...other, accountant: 'rdp' })],
  'two relations': [related('add-or-remove-one'), { ...related('replace-one'), ...other }],
  'two deltas': [run({ delta: 1e-5 }), run({ ...other, delta: 1e-4 })],
};
const fair: ChartRun[] = [
  run({ accountant: 'pld' }),
  run({ ...other, accountant: 'pld', dataset: 'cifar-10', delta: 1e-6 }),
];

/** The check: whatever sets runs side by side refuses those whose epsilons say different things, and takes the others. */
function compares(draw: (runs: ChartRun[]) => unknown): 'fairly' | 'unfairly' {
  draw(fair);
  const taken = Object.values(unfair).filter((runs) => {
    try {
      draw(runs);
      return true;
    } catch {
      return false;
    }
  });
  return taken.length === 0 ? 'fairly' : 'unfairly';
}

describe('pitfall 23: one accountant, one relation and one delta a table', () => {
  it('holds for the table and for the chart', () => {
    expect(compares(table)).toBe('fairly');
    expect(compares((runs) => epsilonUtility({ runs }))).toBe('fairly');
    expect(() => table(unfair['two accountants']!)).toThrow(
      'dp.table: the accountant differs between the runs; got ["pld","rdp"], expected one for all. Make a table of each.',
    );
    expect(() => table(unfair['two relations']!)).toThrow(
      'dp.table: the neighbouring relation differs between the runs; got ["add-or-remove-one","replace-one"]',
    );
    expect(() => table(unfair['two deltas']!)).toThrow('dp.table: delta (mnist) differs between the runs; got [');
  });

  it('gives all methods the same accountant when nobody chooses one', () => {
    const sampled = selfComposedEvent(poissonSampledEvent(0.01, gaussianEvent(1)), 100);
    expect([gaussianEvent(1), sampled].map(defaultAccountant)).toEqual(['pld', 'pld']);
  });

  it('is caught when missing: runs put into rows without a look at their guarantees', () => {
    expect(compares((runs) => runs.map(({ epsilon }) => epsilon))).toBe('unfairly');
  });
});
