import { describe, expect, it } from 'vitest';
import { composedEvent, gaussianEvent, relationOf, type NeighbouringRelation } from '../../lib/core/events.js';
import { gaussian, noisyHistogram, noisyMax } from '../../lib/mechanisms/index.js';
import { epsilonOf, Ledger } from '../../lib/privacy/index.js';

const relations: readonly NeighbouringRelation[] = ['add-or-remove-one', 'replace-one'];

/** The check: one total is never of two relations. */
function refusesTheMix(addUp: (relations: readonly NeighbouringRelation[]) => number): boolean {
  for (const relation of relations) expect(addUp([relation, relation])).toBeGreaterThan(0);
  try {
    addUp(relations);
    return false;
  } catch {
    return true;
  }
}

describe('pitfall 5: one relation', () => {
  it('holds for a ledger, and for two runs that share one', () => {
    const own = (all: readonly NeighbouringRelation[]) => {
      const ledger = new Ledger({ delta: 1e-5 });
      for (const relation of all)
        ledger.record({ of: 'x', mechanism: 'gaussian', event: gaussianEvent(1, relation), relation });
      return ledger.spent().upper;
    };
    const shared = (all: readonly NeighbouringRelation[]) => {
      const common = new Ledger({ delta: 1e-5 });
      for (const relation of all) {
        const run = new Ledger({ delta: 1e-5, chargedTo: common });
        run.record({ of: 'x', mechanism: 'gaussian', event: gaussianEvent(1, relation), relation });
      }
      return common.spent().upper;
    };
    expect(refusesTheMix(own)).toBe(true);
    expect(refusesTheMix(shared)).toBe(true);
  });

  it('is part of every plan and of its sensitivity', () => {
    const plans = relations.map((relation) => noisyHistogram({ of: 'bins', relation }));
    expect(plans.map(({ relation }) => relation)).toEqual(relations);
    expect(plans.map(({ sensitivity }) => sensitivity)).toEqual([1, Math.SQRT2]);
    expect(gaussian({ of: 'mean', l2Sensitivity: 1 }).relation).toBe('add-or-remove-one');
  });

  it('is the same in the event and in the record', () => {
    const record = { of: 'x', mechanism: 'gaussian', event: gaussianEvent(1, 'replace-one') } as const;
    expect(() => new Ledger({ delta: 1e-5 }).record({ ...record, relation: 'add-or-remove-one' })).toThrow(
      'Ledger.record (x): the event was analysed under another neighbouring relation than the record states; ' +
        "got 'add-or-remove-one', expected replace-one.",
    );
    for (const relation of relations)
      for (const plan of [
        gaussian({ of: 'x', l2Sensitivity: 1, relation }),
        noisyMax({ of: 'x', epsilon: 1, relation }),
      ])
        expect(relationOf(plan.event(1))).toBe(relation);
  });

  it('fails for the mutation that adds epsilons up without looking', () => {
    const mutation = (all: readonly NeighbouringRelation[]) =>
      epsilonOf(composedEvent(all.map(() => gaussianEvent(1))), 1e-5).upper;
    expect(refusesTheMix(mutation)).toBe(false);
  });
});
