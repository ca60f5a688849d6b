import { describe, expect, it } from 'vitest';
import { BudgetError, DataError } from '../../../lib/core/errors.js';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent, type PrivacyEvent } from '../../../lib/core/events.js';
import { gaussianEpsilon } from '../../../lib/privacy/gaussian.js';
import { Ledger, type LedgerRecord, samePlan } from '../../../lib/privacy/index.js';

const release = (event: PrivacyEvent, change: Partial<LedgerRecord> = {}): LedgerRecord => ({
  of: 'class means',
  mechanism: 'gaussian',
  event,
  relation: 'add-or-remove-one',
  ...change,
});

const training = selfComposedEvent(poissonSampledEvent(0.01, gaussianEvent(1)), 100);

describe('Ledger', () => {
  it('adds up what was spent', () => {
    const ledger = new Ledger({ delta: 1e-5, accountant: 'rdp' });
    expect(ledger.spent()).toEqual({ lower: 0, estimate: 0, upper: 0, accountant: 'rdp' });
    const first = ledger.record(release(gaussianEvent(4)));
    const second = ledger.record(release(training, { mechanism: 'dp-sgd', of: 'gradients', sensitivity: 1 }));
    expect(second.epsilonAfter).toBeGreaterThan(first.epsilonAfter);
    expect(ledger.spent().upper).toBe(second.epsilonAfter);
    expect(ledger.entries.map((entry) => entry.of)).toEqual(['class means', 'gradients']);
  });

  it('is append-only', () => {
    const ledger = new Ledger({ delta: 1e-5 });
    const event = { kind: 'gaussian' as const, noiseMultiplier: 4 };
    const entry = ledger.record(release(event));
    event.noiseMultiplier = 400;
    (ledger.entries as unknown[]).pop();
    expect(ledger.entries).toEqual([entry]);
    expect(entry.event).toEqual(gaussianEvent(4));
    expect(() => Object.assign(entry, { epsilonAfter: 0 })).toThrow(TypeError);
    expect(() => Object.assign(entry.event, { noiseMultiplier: 9 })).toThrow(TypeError);
  });

  it('refuses a release that would exceed the target, before it is written', () => {
    const ledger = new Ledger({ delta: 1e-5, epsilonTarget: 4.4 });
    ledger.record(release(gaussianEvent(1)));
    expect(() => ledger.record(release(gaussianEvent(1), { of: 'more' }))).toThrow(BudgetError);
    expect(() => ledger.record(release(gaussianEvent(1), { of: 'more' }))).toThrow(
      /^Ledger.record \(more\): the release would exceed the budget, so it was not made; got 6\.\d+, expected an epsilon of at most 4\.4\. /,
    );
    expect(ledger.entries).toHaveLength(1);
    expect(() => ledger.record(release({ kind: 'non-private' }))).toThrow('got Infinity');
  });

  it('refuses to mix neighbouring relations, and relations it does not know', () => {
    const ledger = new Ledger({ delta: 1e-5 });
    ledger.record(release(gaussianEvent(1)));
    expect(() => ledger.record(release(gaussianEvent(1, 'replace-one'), { relation: 'replace-one' }))).toThrow(
      "Ledger.record (class means): one ledger cannot mix neighbouring relations; got 'replace-one', expected add-or-remove-one.",
    );
    expect(() => ledger.record(release(gaussianEvent(1), { relation: 'add-one' as 'replace-one' }))).toThrow(
      "Ledger.record: relation has no such value; got 'add-one'",
    );
  });

  it('refuses a bad delta or target', () => {
    expect(() => new Ledger({ delta: 0 })).toThrow('Ledger: delta is out of range; got 0');
    expect(() => new Ledger({ delta: 0.1, epsilonTarget: 0 })).toThrow('Ledger: epsilonTarget is out of range; got 0');
  });

  it('comes back from JSON, line by line, and states the total by two accountants', () => {
    const ledger = new Ledger({ delta: 1e-5, epsilonTarget: 50 });
    ledger.record(
      release(gaussianEvent(2), { noise: 'fixed', sensitivity: 0.1, noiseScale: 0.2, arithmetic: 'exact' }),
    );
    ledger.record(release(training, { noise: 'calibrated' }));
    const text = JSON.stringify(ledger);
    const back = Ledger.fromJSON(text);
    expect(back.entries).toEqual(ledger.entries);
    expect(JSON.stringify(back)).toBe(text);
    const stored = JSON.parse(JSON.stringify(ledger, null, 2)) as ReturnType<Ledger['toJSON']>;
    expect(Ledger.fromJSON(stored).spent()).toEqual(ledger.spent());
    expect(stored.spent.upper).toBe(ledger.entries[1]!.epsilonAfter);
    expect(stored.spent.rdp).toBe(ledger.spentBy('rdp')!.upper);
    expect(stored.spent.rdp).toBeGreaterThan(ledger.spentBy('rdp')!.lower);
    expect(stored.entries[0]).toMatchObject({
      of: 'class means',
      noise: 'fixed',
      accountant: 'pld',
      arithmetic: 'exact',
    });
  });

  it('refuses a file in which anything was changed', () => {
    const ledger = new Ledger({ delta: 1e-5, accountant: 'rdp', epsilonTarget: 50 });
    ledger.record(release(gaussianEvent(2)));
    ledger.record(release(training));
    const text = JSON.stringify(ledger);
    const changed = (from: string | RegExp, to: string) => () => Ledger.fromJSON(text.replace(from, to));
    expect(changed('"noiseMultiplier":2', '"noiseMultiplier":20')).toThrow(
      /^Ledger.fromJSON: entry 1 \(class means\): the stored epsilon is not what the entries cost: the ledger was changed; got 2\.\d+, expected 0\.\d+\.$/,
    );
    const epsilon = ledger.entries[0]!.epsilonAfter;
    expect(changed(`"epsilonAfter":${epsilon}`, '"epsilonAfter":1')).toThrow(
      'the stored epsilon is not what the entries',
    );
    expect(changed('"delta":0.00001', '"delta":0.01')).toThrow('the stored epsilon is not what the entries');
    const digest =
      /^Ledger.fromJSON: the digest does not fit: the ledger was changed; got '[0-9a-f]{64}', expected [0-9a-f]{64}\. Use the file as the run wrote it\.$/;
    expect(changed('class means', 'public means')).toThrow(digest);
    expect(changed('"epsilonTarget":50', '"epsilonTarget":5000')).toThrow(digest);
    expect(changed('"upper":', '"upper":0.1,"true":')).toThrow(digest);
    const short = JSON.parse(text) as { entries: unknown[] };
    short.entries.pop();
    expect(() => Ledger.fromJSON(short)).toThrow(digest);
    expect(changed(/,"digest":"[^"]*"/, '')).toThrow(DataError);
  });

  it('refuses what is no ledger', () => {
    expect(() => Ledger.fromJSON({ entries: 1 })).toThrow(DataError);
    for (const text of ['not JSON', '{"delta":0.1}', '{"delta":0.1,"digest":"","entries":[null]}', 'null'])
      expect(() => Ledger.fromJSON(text)).toThrow(
        `Ledger.fromJSON: this is no ledger; got '${text}', expected an object with delta, digest and entries, each with its event.`,
      );
  });

  it('goes on from a checkpoint with what was spent, and charges the common ledger once', () => {
    const common = new Ledger({ delta: 1e-5 });
    const stopped = new Ledger({ delta: 1e-5, epsilonTarget: 5, chargedTo: common, run: 'first' });
    stopped.record(release(gaussianEvent(2)));
    const resumed = Ledger.fromJSON(JSON.stringify(stopped), { chargedTo: common, run: 'first' });
    resumed.record(release(training));
    const whole = new Ledger({ delta: 1e-5 });
    whole.record(release(gaussianEvent(2)));
    whole.record(release(training));
    expect(resumed.spent()).toEqual(whole.spent());
    expect(common.spent()).toEqual(whole.spent());
    expect(common.entries.map(({ run }) => run)).toEqual(['first', 'first']);
    expect(() => resumed.record(release(gaussianEvent(1)))).toThrow('the release would exceed the budget');
  });

  it('keeps an infinite epsilon through JSON', () => {
    const ledger = new Ledger({ delta: 1e-5, epsilonTarget: Infinity });
    ledger.record(release({ kind: 'non-private' }));
    const back = Ledger.fromJSON(JSON.stringify(ledger));
    expect(back.spent().upper).toBe(Infinity);
    expect(back.epsilonTarget).toBe(Infinity);
  });
});

describe('disjoint parts', () => {
  const on = (part: string, noiseMultiplier: number) => release(gaussianEvent(noiseMultiplier), { part });
  const cost = (...multipliers: number[]) => {
    const ledger = new Ledger({ delta: 1e-5 });
    for (const z of multipliers) ledger.record(release(gaussianEvent(z)));
    return ledger.spent().upper;
  };

  it('cost the dearest of them, together with what saw all the data', () => {
    const ledger = new Ledger({ delta: 1e-5 });
    expect(ledger.record(on('training', 2)).epsilonAfter).toBeCloseTo(cost(2), 9);
    expect(ledger.record(on('validation', 3)).epsilonAfter).toBeCloseTo(cost(2), 9);
    expect(ledger.record(on('validation', 1)).epsilonAfter).toBeCloseTo(cost(3, 1), 9);
    expect(ledger.record(release(gaussianEvent(4))).epsilonAfter).toBeCloseTo(cost(3, 1, 4), 9);
    expect(ledger.spent().upper).toBeCloseTo(cost(3, 1, 4), 9);
    expect(ledger.spent().upper).toBeLessThan(cost(2, 3, 1, 4));
    expect(Ledger.fromJSON(JSON.stringify(ledger)).spent()).toEqual(ledger.spent());
  });

  it('of two divisions overlap: the dearest way of being in one part of each', () => {
    const ledger = new Ledger({ delta: 1e-5 });
    for (const [division, part, z] of [
      ['5000', 'training', 2],
      ['5000', 'held out', 3],
      ['3000', 'training', 4],
      ['3000', 'held out', 1],
    ] as const)
      ledger.record({ ...on(part, z), division });
    expect(ledger.spent().upper).toBeCloseTo(cost(2, 1), 9); // in training of one, held out of the other
    expect(ledger.spent().upper).toBeGreaterThan(cost(1));
    expect(Ledger.fromJSON(JSON.stringify(ledger)).spent()).toEqual(ledger.spent());
  });

  it('of many divisions cost at most the sum of all, at once', () => {
    const ledger = new Ledger({ delta: 1e-5 });
    for (let division = 0; division < 20; division++)
      for (const part of ['training', 'held out']) ledger.record({ ...on(part, 30), division: `${division}` });
    expect(ledger.spent().upper).toBeCloseTo(cost(...Array<number>(40).fill(30)), 9);
  });

  it('are refused where records can move between them', () => {
    expect(() =>
      new Ledger({ delta: 1e-5 }).record({
        ...on('training', 2),
        event: gaussianEvent(2, 'replace-one'),
        relation: 'replace-one',
      }),
    ).toThrow(
      'Ledger.record (class means): a replaced record may move to another part, so disjoint parts do not compose in ' +
        "parallel; got 'replace-one', expected add-or-remove-one.",
    );
  });
});

describe('a ledger that several runs share', () => {
  const runOn = (common: Ledger, run: string) => new Ledger({ delta: 1e-5, epsilonTarget: 5, chargedTo: common, run });

  it('adds the runs up', () => {
    const common = new Ledger({ delta: 1e-5, epsilonTarget: 7 });
    const [first, second] = [runOn(common, 'first'), runOn(common, 'second')];
    first.record(release(gaussianEvent(1)));
    expect(second.entries).toEqual([]);
    second.record(release(gaussianEvent(1)));
    expect(common.entries.map(({ run }) => run)).toEqual(['first', 'second']);
    expect(first.spent().upper).toBeCloseTo(4.377, 3);
    // Two releases of multiplier 1 are one of multiplier 1 / sqrt 2, by the closed form of gaussian.ts.
    const { lower, upper } = gaussianEpsilon(Math.SQRT2, 1e-5);
    expect(common.spent().upper).toBeGreaterThanOrEqual(lower);
    expect(common.spent().upper).toBeLessThanOrEqual(upper * (1 + 1e-9));
  });

  it('refuses a release before either ledger has it', () => {
    const common = new Ledger({ delta: 1e-5, epsilonTarget: 5 });
    runOn(common, 'first').record(release(gaussianEvent(1)));
    const second = runOn(common, 'second');
    expect(() => second.record(release(gaussianEvent(1)))).toThrow('expected an epsilon of at most 5');
    expect(second.entries).toEqual([]);
    expect(common.entries).toHaveLength(1);
    const strict = new Ledger({ delta: 1e-5, epsilonTarget: 1, chargedTo: new Ledger({ delta: 1e-5 }) });
    expect(() => strict.record(release(gaussianEvent(1)))).toThrow('expected an epsilon of at most 1');
  });

  it('is about one dataset', () => {
    const common = new Ledger({ delta: 1e-5 });
    common.record(release(gaussianEvent(1), { dataset: 'mnist' }));
    expect(() => common.record(release(gaussianEvent(1), { dataset: 'fashion-mnist' }))).toThrow(
      "Ledger.record (class means): one ledger cannot add up different datasets; got 'fashion-mnist', expected mnist. " +
        'Keep a ledger for each dataset.',
    );
    const run = new Ledger({ delta: 1e-5, chargedTo: common, dataset: 'cifar-10' });
    expect(() => run.record(release(gaussianEvent(1)))).toThrow("got 'cifar-10', expected mnist");
    expect(() => run.record(release(gaussianEvent(1), { dataset: 'mnist' }))).toThrow("got 'mnist', expected cifar-10");
    expect([...run.entries, ...common.entries]).toHaveLength(1);
  });
});

describe('samePlan', () => {
  const ledger = new Ledger({ delta: 1e-5 });
  ledger.record(release(gaussianEvent(1)));
  ledger.record(release(training, { of: 'gradients' }));

  it('accepts the plan itself', () => {
    expect(() => samePlan(ledger, [gaussianEvent(1), training])).not.toThrow();
  });

  it('names the first entry that differs', () => {
    expect(() => samePlan(ledger, [gaussianEvent(2), training])).toThrow(
      "privacy plan: entry 1 (class means): the ledger differs from the plan; got 'Gaussian, noise multiplier 1', " +
        'expected Gaussian, noise multiplier 2.',
    );
    expect(() => samePlan(ledger, [gaussianEvent(1)])).toThrow(/entry 2 \(gradients\): .* expected no entry\./);
    expect(() => samePlan(ledger, [gaussianEvent(1), training, training])).toThrow(/entry 3: .* got 'no entry'/);
  });
});
