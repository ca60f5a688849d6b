import { describe, expect, it } from 'vitest';
import { Charging } from '../../../lib/mechanisms/charging.js';
import {
  gaussian,
  noisyHistogram,
  noisyMax,
  type Journal,
  type PlannedRelease,
  type ReleasedValue,
} from '../../../lib/mechanisms/index.js';
import { Ledger } from '../../../lib/privacy/index.js';

const plan = [
  gaussian({ of: 'mean', l2Sensitivity: 0.5 }),
  noisyHistogram({ of: 'bins', noiseMultiplier: 4 }),
  noisyMax({ of: 'best', epsilon: 0.5 }),
];
const requests = [
  { of: 'mean', mechanism: 'gaussian', sensitivity: 0.5 },
  { of: 'bins', mechanism: 'histogram' },
  { of: 'best', mechanism: 'noisy-max' },
] as const;
const values: ReleasedValue[] = [Float32Array.of(1, 2), Int32Array.of(3), 4];

const freshLedger = () => new Ledger({ delta: 1e-5, accountant: 'rdp' });

/** What a run keeps on disk, in memory: the ledger as it was written last, and released values. */
function disk() {
  const log: string[] = [];
  const kept = new Map<number, ReleasedValue>();
  const state = { log, kept, ledger: undefined as unknown };
  const journal: Journal = {
    charged: (ledger) => {
      state.ledger = JSON.parse(JSON.stringify(ledger));
      log.push(`charged ${ledger.entries.length}`);
    },
    released: (index, value) => {
      kept.set(index, value);
      log.push(`released ${index}`);
    },
    stored: (index) => kept.get(index),
    begun: () => undefined,
    begunSteps: () => 0,
  };
  return { ...state, journal, readLedger: () => (state.ledger ? Ledger.fromJSON(state.ledger) : freshLedger()) };
}

const chargingOn = (ledger: Ledger, journal?: Journal, of: readonly PlannedRelease[] = plan) =>
  new Charging({ plan: of, noiseMultiplier: 2, ledger, journal });

/** Makes the first releases of the plan; says which of them looked at data. */
async function releases(charging: Charging, count: number): Promise<{ made: string[]; got: ReleasedValue[] }> {
  const [made, got]: [string[], ReleasedValue[]] = [[], []];
  for (const [i, request] of requests.slice(0, count).entries()) {
    const { value } = await charging.once(request, ({ of }) => {
      made.push(of);
      return Promise.resolve(values[i]!);
    });
    got.push(value);
  }
  return { made, got };
}

describe('Charging with a journal', () => {
  it('writes the line before it makes the release, and keeps the value after', async () => {
    const { log, journal } = disk();
    const charging = chargingOn(freshLedger(), journal);
    await charging.once(requests[0], () => {
      log.push('made');
      return Promise.resolve(values[0]!);
    });
    expect(log).toEqual(['charged 1', 'made', 'released 0']);
  });

  it.each([0, 1, 2, 3])(
    'a run that was stopped after %i releases gets them again, and pays for the rest',
    async (n) => {
      const { log, journal, readLedger } = disk();
      await releases(chargingOn(readLedger(), journal), n);
      log.length = 0;
      const ledger = readLedger();
      const charging = chargingOn(ledger, journal);
      expect(await releases(charging, 3)).toEqual({ made: ['mean', 'bins', 'best'].slice(n), got: values });
      expect(log).toEqual([0, 1, 2].slice(n).flatMap((i) => [`charged ${i + 1}`, `released ${i}`]));
      charging.finish();
      const whole = freshLedger();
      await releases(chargingOn(whole), 3);
      expect(ledger.entries).toEqual(whole.entries);
    },
  );

  it('refuses a release that was paid for and not kept: it does not look at the data again', async () => {
    const { journal, kept, readLedger } = disk();
    await releases(chargingOn(readLedger(), journal), 2);
    kept.delete(1);
    const ledger = readLedger();
    const charging = chargingOn(ledger, journal);
    let made = 0;
    const make = () => {
      made++;
      return Promise.resolve(values[0]!);
    };
    await charging.once(requests[0], make);
    await expect(charging.once(requests[1], make)).rejects.toThrow(
      "release of 'bins': the run was stopped after it had paid for this release and before it was kept. " +
        'Start a new run: what this one spent stays spent.',
    );
    expect(made).toBe(0);
    expect(ledger.entries).toHaveLength(2);
  });

  it('a release that failed is paid for, and cannot be tried again', async () => {
    const { journal, readLedger } = disk();
    const ledger = freshLedger();
    const charging = chargingOn(ledger, journal);
    const fail = () => Promise.reject(new Error('no entropy'));
    await expect(charging.once(requests[0], fail)).rejects.toThrow('no entropy');
    await expect(releases(charging, 1)).rejects.toThrow(
      "release of 'mean': the method did not declare it in `spends`; got 'gaussian, sensitivity 0.5', expected 'bins' (histogram, sensitivity 1).",
    );
    expect(ledger.entries).toHaveLength(1);
    await expect(releases(chargingOn(readLedger(), journal), 1)).rejects.toThrow('before it was kept');
  });

  it('makes nothing when the line cannot be written', async () => {
    const { journal } = disk();
    const full: Journal = {
      ...journal,
      charged: () => {
        throw new Error('no space left');
      },
    };
    let made = 0;
    const once = chargingOn(freshLedger(), full).once(requests[0], () => Promise.resolve(++made));
    await expect(once).rejects.toThrow('no space left');
    expect(made).toBe(0);
  });
});

describe('Charging without a journal', () => {
  it('goes on behind the lines of the ledger', async () => {
    const ledger = freshLedger();
    await releases(chargingOn(ledger), 2);
    const charging = chargingOn(ledger);
    expect(() => charging.planned(requests[0])).toThrow("release of 'mean': the method did not declare it in `spends`");
    const { value } = await charging.once(requests[2], () => Promise.resolve(7));
    expect(value).toBe(7);
    charging.finish();
    expect(ledger.entries).toHaveLength(3);
  });
});

describe('Charging', () => {
  it('makes no release twice, in another order, or after the end', async () => {
    const charging = chargingOn(freshLedger());
    expect(() => charging.charge(requests[1])).toThrow(
      "release of 'bins': the method did not declare it in `spends`; got 'histogram', expected 'mean' (gaussian, sensitivity 0.5).",
    );
    await releases(charging, 3);
    expect(() => charging.charge(requests[2])).toThrow('expected no further release');
    charging.finish();
    expect(() => charging.charge(requests[2])).toThrow("release of 'best': the run has ended");
  });

  it('refuses another mechanism of the same name, and a larger sensitivity', () => {
    const charging = chargingOn(freshLedger());
    expect(() => charging.charge({ of: 'mean', mechanism: 'histogram' })).toThrow('the method did not declare it');
    expect(() => charging.charge({ ...requests[0], sensitivity: 0.51 })).toThrow(
      "release of 'mean': it is more sensitive than `spends` declares; got 'gaussian, sensitivity 0.51', expected 'mean' (gaussian, sensitivity 0.5).",
    );
  });

  it('refuses the ledger of another plan, and the end of a plan that is not done', async () => {
    const ledger = freshLedger();
    const charging = chargingOn(ledger);
    await releases(charging, 1);
    expect(() => charging.finish()).toThrow('the ledger differs from the plan');
    // These cost the same: noise multiplier 2.
    for (const other of [noisyHistogram({ of: 'mean' }), gaussian({ of: 'x', l2Sensitivity: 0.5 })])
      for (const journal of [undefined, disk().journal])
        expect(() => chargingOn(ledger, journal, [other])).toThrow(
          /^line 1 of the ledger to go on from: it is of another release than the plan; got '.mean. \(gaussian, sensitivity 0\.5\)', expected .* Resume with the method/s,
        );
    expect(() => chargingOn(ledger, disk().journal, [gaussian({ of: 'mean', l2Sensitivity: 1, noiseMultiplier: 9 })])).toThrow('the ledger differs from the plan'); // prettier-ignore
  });
});
