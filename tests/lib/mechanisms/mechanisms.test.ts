import { beforeAll, describe, expect, it } from 'vitest';
import { gaussianEvent, poissonSampledEvent, pureEpsilonEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { SecureStream } from '../../../lib/core/rng.js';
import {
  Charging,
  gaussian,
  gaussianOnSamples,
  noisyHistogram,
  Mechanisms,
  noisyMax,
  onPart,
  reuse,
  Sensitive,
  type PlannedRelease,
} from '../../../lib/mechanisms/index.js';
import { accountants, Ledger, samePlan, type Accountant } from '../../../lib/privacy/index.js';
import { pureSum } from '../../privacy/pure-sum.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

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
      {
        of: 'brightness',
        mechanism: 'gaussian',
        noise: 'calibrated',
        noiseScale: 0.02,
        sensitivity: 0.01,
        arithmetic: 'exact',
      },
    ]);
  });
});

describe('the plan', () => {
  it('refuses a release that is not in it, before a row is read', async () => {
    const { ledger, mechanisms } = mechanismsFor([planned]);
    let looked = false;
    const spy = { ...brightness, features: (images: Tensor4D) => ((looked = true), brightness.features(images)) };
    await expect(mechanisms.labelMeans('darkness', spy)).rejects.toThrow(
      "release of 'darkness': the method did not declare it in `spends`; got 'gaussian, sensitivity 0.01', " +
        "expected 'brightness' (gaussian, sensitivity 0.01).",
    );
    await expect(mechanisms.labelMeans('brightness', { ...spy, clipNorm: 1.1 })).rejects.toThrow(
      'it is more sensitive than `spends` declares',
    );
    expect(looked).toBe(false);
    expect(ledger.entries).toEqual([]);
  });

  it('refuses a bound below 0, which would turn clipping into scaling up', async () => {
    const { mechanisms } = mechanismsFor([planned]);
    await expect(mechanisms.labelMeans('brightness', { ...brightness, clipNorm: -100 })).rejects.toThrow(
      "release of 'brightness': clipNorm is out of range; got -100, expected a number above 0.",
    );
    await expect(mechanisms.sampledLabelMeans('brightness', { ...brightness, clipNorm: NaN })).rejects.toThrow(
      'clipNorm is out of range; got NaN',
    );
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

const pure = () => new Ledger({ delta: 1e-5, accountant: pureSum.id });

describe('Mechanisms.sampledLabelMeans', () => {
  it('releases as many means as planned, each with the noise of the expected batch, at the cost of the sampler', async () => {
    const plan = [gaussianOnSamples({ of: 'rounds', l2Sensitivity: 1 / 50, sampleRate: 0.5, steps: 40 })];
    const { ledger, mechanisms } = mechanismsFor(plan);
    const means = (await mechanisms.sampledLabelMeans('rounds', brightness)).value;
    expect(means).toHaveLength(40);
    expect(ledger.entries[0]!.event).toEqual(
      selfComposedEvent(poissonSampledEvent(0.5, gaussianEvent(noiseMultiplier)), 40),
    );
    // Sums of 50 coins and of noise 2 over 50: deviation sqrt(50 / 4 + 4) / 50 around 0.5.
    const values = means.flatMap((mean) => [...mean]);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / values.length);
    const expected = Math.sqrt(50 / 4 + 4) / 50;
    expect(Math.abs(mean - 0.5)).toBeLessThan((4 * expected) / Math.sqrt(values.length));
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length));
  });

  it('is refused when a batch is more sensitive than planned', async () => {
    const plan = [gaussianOnSamples({ of: 'rounds', l2Sensitivity: 1 / size, sampleRate: 0.5, steps: 4 })];
    await expect(mechanismsFor(plan).mechanisms.sampledLabelMeans('rounds', brightness)).rejects.toThrow(
      "release of 'rounds': it is more sensitive than `spends` declares; got 'gaussian-on-samples, sensitivity 0.02', " +
        "expected 'rounds' (gaussian-on-samples, sensitivity 0.01).",
    );
  });
});

describe('Mechanisms.histogram', () => {
  const twoBins = { binsOf: (images: Tensor4D) => images.reshape([-1]).round().toInt(), bins: 3 };

  it('gives whole counts with Gaussian noise, by class too', async () => {
    const plan = [noisyHistogram({ of: 'bins', noiseMultiplier: 0.5 }), noisyHistogram({ of: 'by class' })];
    const { ledger, mechanisms } = mechanismsFor(plan);
    const counts = (await mechanisms.histogram('bins', twoBins)).value;
    expect([...counts].every(Number.isInteger)).toBe(true);
    expect(Math.abs(counts[1]! - 100)).toBeLessThan(4);
    expect(Math.abs(counts[0]!) + Math.abs(counts[2]!)).toBeLessThan(6);
    const byClass = (await mechanisms.histogram('by class', { ...twoBins, byClass: true })).value;
    expect(byClass).toHaveLength(6);
    expect(Math.abs(byClass[1]! - 50) + Math.abs(byClass[4]! - 50)).toBeLessThan(25);
    expect(ledger.entries.map(({ event, noise }) => [event, noise])).toEqual([
      [gaussianEvent(0.5), 'fixed'],
      [gaussianEvent(noiseMultiplier), 'calibrated'],
    ]);
  });

  it('gives discrete Laplace noise where an epsilon is planned', async () => {
    const ledger = pure();
    const { mechanisms } = mechanismsFor([noisyHistogram({ of: 'bins', epsilon: 20 })], ledger);
    // exp(-20) is the chance of one step: exact counts but for 6 in a billion.
    expect([...(await mechanisms.histogram('bins', twoBins)).value]).toEqual([0, 100, 0]);
    expect(ledger.entries).toMatchObject([{ event: pureEpsilonEvent(20), noiseScale: 0.05, sensitivity: 1 }]);
  });

  it('counts a record once a bin and in no more bins than planned, and nowhere when its bin does not exist', async () => {
    const binsOf = (images: Tensor4D) =>
      tf.tile(tf.tensor2d([[1, 1, 2, 0]]), [images.shape[0], 1]).add(images.reshape([-1, 1]).mul(0)) as Tensor2D;
    const counted = async (binsPerRecord: number, of: (images: Tensor4D) => Tensor2D = binsOf) => {
      const { mechanisms } = mechanismsFor([noisyHistogram({ of: 'bins', epsilon: 100, binsPerRecord })], pure());
      return [...(await mechanisms.histogram('bins', { bins: 3, binsOf: of })).value];
    };
    expect(await counted(1)).toEqual([0, 100, 0]);
    expect(await counted(2)).toEqual([0, 100, 0]);
    expect(await counted(3)).toEqual([0, 100, 100]);
    for (const bin of [-1, 3, NaN, Infinity, 0.5])
      expect(await counted(1, (images) => images.reshape([-1, 1]).mul(0).add(bin) as Tensor2D)).toEqual([0, 0, 0]);
  });

  it('is made whole once it is paid for: an abort comes before it or after it', async () => {
    const controller = new AbortController();
    const ledger = new Ledger({ delta: 1e-5 });
    const plan = ['first', 'second'].map((of) => noisyHistogram({ of, noiseMultiplier: 0.01 }));
    const options = { sensitive, plan, noiseMultiplier, ledger, noise: new SecureStream(3) };
    const mechanisms = new Mechanisms({ ...options, signal: controller.signal });
    const binsOf = (images: Tensor4D) => {
      controller.abort(new Error('enough'));
      return twoBins.binsOf(images);
    };
    expect((await mechanisms.histogram('first', { ...twoBins, binsOf, batchSize: 7 })).value[1]).toBe(100);
    await expect(mechanisms.histogram('second', twoBins)).rejects.toThrow('enough');
    expect(ledger.entries).toHaveLength(1);
  });

  it('takes its sensitivity from the relation and the bins of a record', () => {
    const of = 'bins';
    expect(noisyHistogram({ of, binsPerRecord: 4 }).sensitivity).toBe(2);
    expect(noisyHistogram({ of, relation: 'replace-one' }).sensitivity).toBe(Math.SQRT2);
    expect(noisyHistogram({ of, binsPerRecord: 4, epsilon: 1 }).sensitivity).toBe(4);
    expect(noisyHistogram({ of, relation: 'replace-one', epsilon: 1 }).sensitivity).toBe(2);
    expect(() => noisyHistogram({ of, epsilon: 1, noiseMultiplier: 1 })).toThrow(
      'plan of \'bins\': both epsilon (Laplace noise) and noiseMultiplier (Gaussian noise) are given; got {"epsilon":1,"noiseMultiplier":1}, expected one of them.',
    );
  });
});

describe('Mechanisms.noisyMax', () => {
  /** A candidate that is right for `right` of the 100 records: even ones are of class 0. */
  const candidate = (right: number) => {
    let at = 0;
    return (images: Tensor4D) => {
      const answers = Array.from({ length: images.shape[0] }, (_, i) => ((at + i) % 2) + (at + i < right ? 0 : 5));
      at += images.shape[0];
      return tf.tensor1d(answers);
    };
  };

  /** P(second count exceeds the first) for noise of weights exp(-epsilon |x|), ties to the first. */
  function wrongChoice(gap: number, epsilon: number): number {
    const weight = (x: number) => Math.exp(-epsilon * Math.abs(x));
    const total = (1 + Math.exp(-epsilon)) / (1 - Math.exp(-epsilon));
    let wrong = 0;
    for (let a = -200; a <= 200; a++) for (let b = a + gap + 1; b <= 200 + gap; b++) wrong += weight(a) * weight(b);
    return wrong / total ** 2;
  }

  it('errs as often as the closed form says', async () => {
    const [epsilon, gap, rounds] = [0.2, 5, 4000];
    const plan = Array.from({ length: rounds }, () => noisyMax({ of: 'best', epsilon }));
    const free: Accountant = { ...pureSum, id: 'free', epsilon: () => ({ lower: 0, estimate: 0, upper: 0 }) };
    accountants.define(free, { replace: true });
    let wrong = 0;
    for (let i = 0; i < rounds; i++) {
      const ledger = new Ledger({ delta: 1e-5, accountant: 'free' });
      const noise = new SecureStream(1000 + i);
      const mechanisms = new Mechanisms({ sensitive, plan: [plan[i]!], noiseMultiplier, ledger, noise });
      const best = await mechanisms.noisyMax('best', { candidates: [candidate(60), candidate(60 - gap)] });
      wrong += best.value;
    }
    const expected = wrongChoice(gap, epsilon);
    // The continuous law of the specification, 1/2 exp(-gap epsilon) (1 + gap epsilon / 2), is close: 0.276.
    expect(Math.abs(expected - 0.5 * Math.exp(-gap * epsilon) * (1 + (gap * epsilon) / 2))).toBeLessThan(0.03);
    expect(Math.abs(wrong / rounds - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / rounds));
  });

  it('is paid for before a candidate is asked, and releases the place alone', async () => {
    const ledger = new Ledger({ delta: 1e-5, accountant: pureSum.id, epsilonTarget: 0.5 });
    const { mechanisms } = mechanismsFor([noisyMax({ of: 'best', epsilon: 50 })], pure());
    const best = await mechanisms.noisyMax('best', { candidates: [candidate(10), candidate(90), candidate(50)] });
    expect(best.value).toBe(1);
    expect(best.event).toEqual(pureEpsilonEvent(50));
    let asked = false;
    const spy = () => ((asked = true), tf.tensor1d([0]));
    const dear = mechanismsFor([noisyMax({ of: 'best', epsilon: 0.6 })], ledger).mechanisms;
    await expect(dear.noisyMax('best', { candidates: [spy] })).rejects.toThrow('expected an epsilon of at most 0.5');
    expect(asked).toBe(false);
    await expect(dear.noisyMax('best', { candidates: [] })).rejects.toThrow(
      "release of 'best': there are no candidates; expected one at least.",
    );
  });

  it('needs twice the noise where a record may be replaced', () => {
    expect(noisyMax({ of: 'best', epsilon: 1, relation: 'replace-one' }).sensitivity).toBe(2);
  });
});

describe('a run', () => {
  it('closes what it released when it ends, and another run pays for it again', async () => {
    const first = mechanismsFor([planned]);
    const released = await first.mechanisms.labelMeans('brightness', brightness);
    const value = released.value;
    first.mechanisms.finish();
    expect(() => released.value).toThrow(
      "release of 'brightness': the run that paid for it has ended, and this one has not charged it. Plan `reuse(released)`",
    );
    const second = mechanismsFor([reuse(released)]);
    expect(second.mechanisms.reuse(released)).toBe(value);
    second.mechanisms.finish();
    expect(second.ledger.entries).toMatchObject([{ of: 'brightness', mechanism: 'reuse', event: released.event }]);
    expect(() => mechanismsFor([planned]).mechanisms.reuse(released)).toThrow(
      'the method did not declare it in `spends`',
    );
    const other = mechanismsFor([planned]);
    const same = await other.mechanisms.labelMeans('brightness', brightness);
    expect(() => mechanismsFor([reuse(same)]).mechanisms.reuse(released)).toThrow(
      'another release of the same name was planned',
    );
    await expect(first.mechanisms.labelMeans('brightness', brightness)).rejects.toThrow('the run has ended');
  });

  it('goes on after the releases of a restored ledger, and refuses one of another plan', async () => {
    const plan = [planned, gaussian({ of: 'again', l2Sensitivity: 1 / size, noiseMultiplier: 9 })];
    const stopped = mechanismsFor(plan);
    await stopped.mechanisms.labelMeans('brightness', brightness);
    const restored = Ledger.fromJSON(JSON.stringify(stopped.ledger));
    expect(() => mechanismsFor([plan[1]!], restored)).toThrow('privacy plan: entry 1 (brightness): the ledger differs');
    const resumed = mechanismsFor(plan, restored);
    await resumed.mechanisms.labelMeans('again', brightness);
    resumed.mechanisms.finish();
    expect(restored.entries).toHaveLength(2);
    expect(() => stopped.mechanisms.finish()).toThrow(
      "privacy plan: entry 2: the ledger differs from the plan; got 'no entry'",
    );
  });

  it('takes no plan that was written by hand', () => {
    expect(() => mechanismsFor([{ ...planned, event: () => gaussianEvent(1e6) }])).toThrow(
      "privacy plan: a release that none of the planning functions made; got 'brightness', " +
        'expected gaussian, gaussianOnSamples, dpSgd, shardedCritics, noisyHistogram, noisyMax or reuse.',
    );
  });

  it('makes each release on the part of the data that it was planned on, and charges that part', async () => {
    const division = '100 held out';
    const training = onPart(planned, { division, part: 'training' });
    const onHeldOut = onPart(gaussian({ of: 'check', l2Sensitivity: 1 / size }), { division, part: 'held out' });
    const ledger = new Ledger({ delta: 1e-5 });
    const options = { sensitive, plan: [training, onHeldOut], noiseMultiplier, ledger, noise: new SecureStream(1) };
    const charging = new Charging(options);
    const mechanisms = new Mechanisms({ ...options, charging, part: 'training' });
    const onTheRest = new Mechanisms({ ...options, charging, part: 'held out' });
    await expect(onTheRest.labelMeans('brightness', brightness)).rejects.toThrow(
      "release of 'brightness': it was planned on training, not on held out; got 'gaussian, sensitivity 0.01', expected 'brightness'",
    );
    await mechanisms.labelMeans('brightness', brightness);
    await expect(mechanisms.labelMeans('check', brightness)).rejects.toThrow(
      'it was planned on held out, not on training',
    );
    await expect(
      new Mechanisms({ ...options, ledger: new Ledger({ delta: 1e-5 }) }).labelMeans('brightness', brightness),
    ).rejects.toThrow('it was planned on training, not on all');
    await onTheRest.labelMeans('check', brightness);
    mechanisms.finish();
    expect(ledger.entries.map(({ part, division }) => [part, division])).toEqual([
      ['training', division],
      ['held out', division],
    ]);
    expect(ledger.spent().upper).toBeCloseTo(ledger.entries[0]!.epsilonAfter, 9); // the dearer of two equal parts
  });

  it('plans no part of replaced records', () => {
    const replaced = gaussian({ of: 'brightness', l2Sensitivity: 2 / size, relation: 'replace-one' });
    expect(() => onPart(replaced, { division: 'halves', part: 'first' })).toThrow(
      "plan of 'brightness': a replaced record may move to another part, so the parts of a division do not compose in parallel; " +
        "got 'replace-one', expected add-or-remove-one.",
    );
  });
});

describe('the planning functions', () => {
  it('refuse what has no meaning', () => {
    const of = 'x';
    const on = { of, l2Sensitivity: 1, sampleRate: 0.5, steps: 1 };
    const bad: [() => unknown, string][] = [
      [() => gaussian({ of, l2Sensitivity: 0 }), "plan of 'x': l2Sensitivity is out of range; got 0"],
      [() => gaussian({ of, l2Sensitivity: 1, noiseMultiplier: 0 }), 'noiseMultiplier is out of range; got 0'],
      [() => gaussian({ of, l2Sensitivity: 1, relation: 'add' as never }), "relation has no such value; got 'add'"],
      [() => gaussianOnSamples({ ...on, sampleRate: 0 }), 'sampleRate is out of range; got 0'],
      [() => gaussianOnSamples({ ...on, steps: 0 }), 'steps is out of range; got 0'],
      [() => gaussianOnSamples({ ...on, relation: 'replace-one' }), 'replacing a record has no tight analysis'],
      [() => noisyHistogram({ of, binsPerRecord: 0 }), 'binsPerRecord is out of range; got 0'],
      [() => noisyHistogram({ of, epsilon: -1 }), 'epsilon is out of range; got -1'],
      [() => noisyMax({ of, epsilon: Infinity }), 'epsilon is out of range; got Infinity'],
    ];
    for (const [plan, words] of bad) expect(plan).toThrow(words);
  });
});
