import { beforeAll, describe, expect, it } from 'vitest';
import { gaussianEvent } from '../../../lib/core/events.js';
import { SecureStream } from '../../../lib/core/rng.js';
import { gaussian, Mechanisms, Sensitive, type PlannedRelease } from '../../../lib/mechanisms/index.js';
import { Ledger, samePlan } from '../../../lib/privacy/index.js';
import { setupEngine, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const size = 100;
const noiseMultiplier = 2;
const sensitive = Sensitive.seal(
  {
    data: new Uint8Array(size).fill(255),
    labels: Uint8Array.from({ length: size }, (_, i) => i % 2),
    count: size,
    height: 1,
    width: 1,
    channels: 1,
  },
  { name: 'toy', size, classes: ['even', 'odd'], shape: { height: 1, width: 1, channels: 1 } },
);
const brightness = { features: (images: Tensor4D) => images.reshape([-1, 1]) as Tensor2D, dimension: 1, clipNorm: 1 };
const planned = gaussian({ of: 'brightness', l2Sensitivity: 1 / size });

function mechanismsFor(plan: readonly PlannedRelease[], ledger = new Ledger({ delta: 1e-5 })) {
  return {
    ledger,
    mechanisms: new Mechanisms({ sensitive, plan, noiseMultiplier, ledger, noise: new SecureStream(3) }),
  };
}

describe('Mechanisms.labelMeans', () => {
  it('gives the mean with the planned noise, and the ledger its cost', async () => {
    const { ledger, mechanisms } = mechanismsFor([planned]);
    const released = await mechanisms.labelMeans('brightness', brightness);
    // Half of the records in each class, all of brightness 1: 0.5, with noise of deviation 2 / 100.
    expect([...released.value].every((value) => Math.abs(value - 0.5) < 5 * 0.02 && value !== 0.5)).toBe(true);
    expect(released.event).toEqual(gaussianEvent(noiseMultiplier));
    expect(ledger.entries).toMatchObject([
      { of: 'brightness', mechanism: 'gaussian', noiseStandardDeviation: 0.02, l2Sensitivity: 0.01 },
    ]);
  });
});

describe('the plan', () => {
  it('refuses a release that is not in it, before a row is read', async () => {
    const { ledger, mechanisms } = mechanismsFor([planned]);
    let looked = false;
    const spy = { ...brightness, features: (images: Tensor4D) => ((looked = true), brightness.features(images)) };
    await expect(mechanisms.labelMeans('darkness', spy)).rejects.toThrow(
      "release of 'darkness': the method did not declare it in `spends`; got 'L2 sensitivity 0.01', " +
        "expected 'brightness' with L2 sensitivity 0.01.",
    );
    await expect(mechanisms.labelMeans('brightness', { ...spy, clipNorm: 1.1 })).rejects.toThrow(
      "expected 'brightness' with L2 sensitivity 0.01",
    );
    expect(looked).toBe(false);
    expect(ledger.entries).toEqual([]);
  });

  it('refuses a second release of what is planned once', async () => {
    const { ledger, mechanisms } = mechanismsFor([planned]);
    await mechanisms.labelMeans('brightness', brightness);
    await expect(mechanisms.labelMeans('brightness', brightness)).rejects.toThrow('expected no further release');
    expect(ledger.entries).toHaveLength(1);
  });

  it('refuses, at the end of the run, a planned release that was not made and one made too often', async () => {
    const { ledger, mechanisms } = mechanismsFor([planned, gaussian({ of: 'more', l2Sensitivity: 1 })]);
    await mechanisms.labelMeans('brightness', brightness);
    const event = gaussianEvent(noiseMultiplier);
    expect(() => samePlan(ledger, [event, event])).toThrow(
      "privacy plan: entry 2: the ledger differs from the plan; got 'no entry'",
    );
    ledger.record({ of: 'by the side', mechanism: 'gaussian', event, relation: 'add-or-remove-one' });
    expect(() => samePlan(ledger, [event])).toThrow(
      'privacy plan: entry 2 (by the side): the ledger differs from the plan',
    );
  });

  it('makes no release that the budget does not cover', async () => {
    const { mechanisms } = mechanismsFor([planned], new Ledger({ delta: 1e-5, epsilonTarget: 0.1 }));
    await expect(mechanisms.labelMeans('brightness', brightness)).rejects.toThrow(
      'Ledger.record (brightness): the release would exceed the budget, so it was not made',
    );
  });
});
