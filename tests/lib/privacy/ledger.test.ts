import { describe, expect, it } from 'vitest';
import { BudgetError, DataError } from '../../../lib/core/errors.js';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent, type PrivacyEvent } from '../../../lib/core/events.js';
import { Ledger, samePlan, type LedgerRecord } from '../../../lib/privacy/index.js';

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
    expect(ledger.spent()).toEqual({ lower: 0, estimate: 0, upper: 0 });
    const first = ledger.record(release(gaussianEvent(4)));
    const second = ledger.record(release(training, { mechanism: 'dp-sgd', of: 'gradients', l2Sensitivity: 1 }));
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
    expect(() => ledger.record(release(gaussianEvent(1), { relation: 'replace-one' }))).toThrow(
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

  it('comes back from JSON, and refuses a changed file', () => {
    const ledger = new Ledger({ delta: 1e-5, accountant: 'rdp', epsilonTarget: 50 });
    ledger.record(release(gaussianEvent(2)));
    ledger.record(release(training));
    const text = JSON.stringify(ledger);
    const back = Ledger.fromJSON(text);
    expect(JSON.stringify(back)).toBe(text);
    expect(() => Ledger.fromJSON(text.replace('"noiseMultiplier":2', '"noiseMultiplier":20'))).toThrow(
      /^Ledger.fromJSON: entry 1 \(class means\): the stored epsilon is not what the entries cost: the ledger was changed; got 2\.\d+, expected 0\.\d+\.$/,
    );
    expect(() => Ledger.fromJSON({ entries: 1 })).toThrow(DataError);
    for (const text of ['not JSON', '{"delta":0.1}', '{"delta":0.1,"entries":[null]}', 'null'])
      expect(() => Ledger.fromJSON(text)).toThrow(
        `Ledger.fromJSON: this is no ledger; got '${text}', expected an object with delta and entries, each with its event.`,
      );
  });

  it('keeps an infinite epsilon through JSON', () => {
    const ledger = new Ledger({ delta: 1e-5, epsilonTarget: Infinity });
    ledger.record(release({ kind: 'non-private' }));
    const back = Ledger.fromJSON(JSON.stringify(ledger));
    expect(back.spent().upper).toBe(Infinity);
    expect(back.epsilonTarget).toBe(Infinity);
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
