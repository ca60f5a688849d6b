import { beforeAll, describe, expect, it } from 'vitest';
import { gaussian, reuse, type PlannedRelease } from '../../lib/mechanisms/index.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { brightness, mechanismsOn, twelve } from './toy.js';

beforeAll(() => setupEngine());

const plan = [gaussian({ of: 'mean', l2Sensitivity: 1 / 12 })];
const first = async () => {
  const { mechanisms } = mechanismsOn(twelve, plan);
  const released = await mechanisms.labelMeans('mean', brightness);
  const value = released.value;
  mechanisms.finish();
  return { released, value };
};

type Second = (plan: readonly PlannedRelease[]) => ReturnType<typeof mechanismsOn>;

/** The check: whoever holds the value in a second run has paid for it there. */
async function isPaidFor(
  use: (second: Second, cached: Awaited<ReturnType<typeof first>>) => unknown,
): Promise<boolean> {
  let spent = 0;
  const second: Second = (own) => {
    const run = mechanismsOn(twelve, own);
    return { ...run, ledger: run.ledger };
  };
  const runs: ReturnType<Second>[] = [];
  const kept = await use((own) => (runs.push(second(own)), runs.at(-1)!), await first());
  for (const { ledger } of runs) spent += ledger.spent().upper;
  return kept === undefined || spent > 0;
}

describe('pitfall 18: released objects carry their cost', () => {
  it('holds: a second run that plans to reuse a release is charged what it cost', async () => {
    expect(await isPaidFor((second, { released }) => second([reuse(released)]).mechanisms.reuse(released))).toBe(true);
  });

  it('throws where a second run uses a release with no entry in its ledger', async () => {
    const { released } = await first();
    expect(() => released.value).toThrow('the run that paid for it has ended, and this one has not charged it');
    const { mechanisms } = mechanismsOn(twelve, []);
    expect(() => mechanisms.reuse(released)).toThrow('the method did not declare it in `spends`');
    const { mechanisms: planned, ledger } = mechanismsOn(twelve, [reuse(released)]);
    expect(() => planned.finish()).toThrow('the ledger differs from the plan');
    expect(ledger.entries).toEqual([]);
  });

  it('fails for the mutation that caches the plain value', async () => {
    expect(await isPaidFor((second, { value }) => (second([]), value))).toBe(false);
  });
});
