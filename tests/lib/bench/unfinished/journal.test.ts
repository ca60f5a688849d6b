import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FolderJournal } from '../../../../lib/bench/unfinished/journal.js';
import { gaussianEvent } from '../../../../lib/core/events.js';
import { BudgetError, DataError } from '../../../../lib/core/errors.js';
import { Ledger } from '../../../../lib/privacy/index.js';

let folder: string;
let journal: FolderJournal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dpbench-journal-'));
  journal = new FolderJournal(folder);
});

const again = () => new FolderJournal(folder);
const line = (of: string) =>
  ({ of, mechanism: 'gaussian', event: gaussianEvent(3), relation: 'add-or-remove-one' }) as const;

describe('the journal of a run', () => {
  it.each([
    ['a vector', Float32Array.of(0.1, -1e30, NaN)],
    ['vectors', [Float32Array.of(1, 2), new Float32Array()]],
    ['counts', Int32Array.of(-5, 2 ** 31 - 1)],
    ['a place', 3],
  ])('gives back %s as it was, to the bit', (_name, value) => {
    expect(journal.stored(2)).toBeUndefined();
    journal.released(2, value);
    expect(again().stored(2)).toEqual(value);
    expect(() => again().released(2, value)).toThrow('this release was made before, and one is paid for.');
  });

  it('counts the batches of each release over processes, and lets none be drawn twice', () => {
    expect(journal.begunSteps(0)).toBe(0);
    journal.begun(0, 1);
    journal.begun(0, 2);
    journal.begun(1, 1);
    journal.close();
    expect(again().allBegun()).toEqual({ 0: 2, 1: 1 });
    expect(() => again().begun(0, 2)).toThrow(
      'this batch was drawn before, and one is paid for; got 2, expected batch 3.',
    );
    again().begun(0, 5); // batches may be left out
    expect(again().begunSteps(0)).toBe(5);
  });

  it('gives back the ledger, and says when it is cut, changed or lacks a release', () => {
    const ledger = new Ledger({ delta: 1e-5, epsilonTarget: 10 });
    expect(journal.ledger({})).toBeUndefined();
    ledger.record(line('first'));
    journal.charged(ledger);
    expect(again().ledger({})!.entries).toEqual(ledger.entries);

    journal.released(0, 1);
    journal.begun(1, 1);
    expect(() => again().ledger({})).toThrow(BudgetError);
    expect(() => again().ledger({})).toThrow(
      "the ledger lacks release 2, which was made; got '1 entries', expected 2 at least. Restore the file; what was",
    );
    const path = join(folder, 'ledger.json');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.slice(0, 200));
    expect(() => again().ledger({})).toThrow(DataError);
    expect(() => again().ledger({})).toThrow(
      `${path}: what was spent cannot be read: Ledger.fromJSON: this is no ledger`,
    );
    writeFileSync(path, whole.replace('"noiseMultiplier": 3', '"noiseMultiplier": 30'));
    expect(() => again().ledger({})).toThrow(BudgetError);
    expect(() => again().ledger({})).toThrow('the stored epsilon is not what the entries cost');
    rmSync(path);
    expect(() => again().ledger({})).toThrow("the ledger lacks release 2, which was made; got '0 entries'");
  });

  it('refuses a release that is cut or changed', () => {
    journal.released(0, Float32Array.of(1, 2, 3));
    const path = join(folder, 'release-0.json');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.slice(0, 30));
    expect(() => journal.stored(0)).toThrow(`${path}: the release cannot be read: `);
    writeFileSync(path, whole.replace('AACAPw', 'AACAPg'));
    expect(() => journal.stored(0)).toThrow(
      'the digest does not fit, so the file was changed. Restore the file: it is paid for and cannot be made again.',
    );
  });
});
