import { beforeAll, describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../../lib/core/images.js';
import { parameterValues, type Parameters } from '../../../lib/core/options.js';
import { SecureStream, SeededStream } from '../../../lib/core/rng.js';
import { Mechanisms, Sensitive, type PlannedRelease } from '../../../lib/mechanisms/index.js';
import { withCentralImages } from '../../../lib/methods/central-images.js';
import type { AnyMethod, FitContext } from '../../../lib/methods/contract.js';
import { dpFeta } from '../../../lib/methods/dp-feta.js';
import { dpFetaPro } from '../../../lib/methods/dp-feta-pro.js';
import { dpKernel } from '../../../lib/methods/dp-kernel.js';
import { dpMerf } from '../../../lib/methods/dp-merf.js';
import { dpNtk } from '../../../lib/methods/dp-ntk.js';
import { privImage } from '../../../lib/methods/privimage.js';
import { epsilonOf } from '../../../lib/privacy/epsilon.js';
import { audit, Ledger } from '../../../lib/privacy/index.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';
import { criticsOn, rowsOf } from '../mechanisms/sharded-critics/toy-critics.js';

beforeAll(() => setupEngine());

const delta = 1e-5;
const facts = { name: 'toy', size: 4, classes: ['a', 'b'], shape: { height: 28, width: 28, channels: 1 } };

/** Three dim images, and the canary: a white one. */
function records(withCanary: boolean): LabeledImages {
  const stream = new SeededStream('audited');
  const count = withCanary ? 4 : 3;
  const data = Uint8Array.from({ length: count * 784 }, (_, i) => (i < 3 * 784 ? stream.integer(60) : 255));
  return { data, labels: Uint8Array.of(0, 1, 0, 1).subarray(0, count), count, ...facts.shape };
}

type Question = 'labelMeans' | 'sampledLabelMeans' | 'averageOfSampledLabelMeans' | 'histogram';

/** Public images for methods that cannot do without: dim ones of five categories. */
function publicImages() {
  const { data } = records(false);
  const images = {
    data: Uint8Array.from({ length: 20 * 784 }, (_, i) => data[i % data.length]!),
    count: 20,
    ...facts.shape,
  };
  const classes = ['v', 'w', 'x', 'y', 'z'];
  return { name: 'dim', classes, images: { ...images, labels: Uint8Array.from({ length: 20 }, (_, i) => i % 5) } };
}

/** The first question that a method asks of its records, as it asks it. */
async function firstQuestion(method: AnyMethod, params: object, own: FitContext<unknown>['own']) {
  let asked: { name: Question; of: string; query: never } | undefined;
  const listening = new Proxy({} as Mechanisms, {
    get: (_, name: Question | 'facts') =>
      name === 'facts'
        ? facts
        : (of: string, query: never) => {
            asked = { name, of, query };
            throw new Error('heard');
          },
  });
  const context = {
    ...{ mechanisms: listening, facts, params, stream: new SeededStream(1), own },
    checkpoint: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    onSnapshot: () => Promise.resolve(),
    ...(method.publicData === 'required' && { publicDataset: publicImages() }),
    pretrained: { take: () => Promise.resolve() }, // leaves networks as they are
  };
  await expect(method.fit(context as never)).rejects.toThrow('heard');
  return asked!;
}

/** What a method's first release gives about some records, laid end to end. */
async function release(
  { name, of, query }: Awaited<ReturnType<typeof firstQuestion>>,
  planned: PlannedRelease,
  withCanary: boolean,
  noise: { readonly multiplier: number; readonly seed: number },
): Promise<number[]> {
  const sensitive = Sensitive.seal(records(withCanary), facts);
  const ledger = new Ledger({ delta, accountant: 'gdp' });
  const stream = new SecureStream(noise.seed);
  const mechanisms = new Mechanisms({
    sensitive,
    plan: [planned],
    noiseMultiplier: noise.multiplier,
    ledger,
    noise: stream,
  });
  const { value } = await mechanisms[name](of, query);
  return (Array.isArray(value) ? value : [value]).flatMap((part: ArrayLike<number>) => Array.from(part));
}

const cases: readonly (readonly [string, AnyMethod, object])[] = [
  ['dp-merf', dpMerf, { features: 40 }],
  ['dp-ntk', dpNtk, { width: 1 }],
  ['dp-kernel', dpKernel, { minibatch: 4, releases: 1, bandwidths: 1, featuresEach: 40 }],
  ['central images', withCentralImages(dpMerf), { centralRounds: 1, centralShrink: 7 }],
  ['dp-feta, with counts', dpFeta, { centralRounds: 1, centralShrink: 7, centralDivisor: 'noisy-counts' }],
  ['dp-feta, modes', dpFeta, { centralRounds: 1, centralShrink: 7, central: 'mode' }],
  ['dp-feta-pro, frequency features', dpFetaPro, { schedule: 'freq', frequencyFeatures: 40 }],
  ['privimage', privImage, { categoriesEach: 2, publicBatchSize: 4, classifierBatchSize: 4 }],
];

describe('releases of methods under audit', { timeout: 60_000 }, () => {
  it.each(cases)('%s keeps its epsilon, and the bound comes near it', async (_name, method, given) => {
    const params = parameterValues(method.id, method.params as Parameters, 'smoke', given);
    const planned = (multiplier: number) =>
      method.spends(
        {
          ...params,
          ...{
            centralNoiseMultiplier: multiplier,
            frequencyNoiseMultiplier: multiplier,
            queryNoiseMultiplier: multiplier,
          },
        } as never,
        facts,
      )[0]!;
    const owned: { dispose(): void }[] = [];
    const question = await firstQuestion(method, params, (each) => (owned.push(each), each));
    const at = (withCanary: boolean, multiplier: number, seed: number) =>
      release(question, planned(multiplier), withCanary, { multiplier, seed });
    // The best attack on Gaussian noise: along what the canary changes.
    const [inside, outside] = [await at(true, 1e-6, 1), await at(false, 1e-6, 1)];
    const direction = inside.map((value, i) => value - outside[i]!);
    let seed = 1;
    const score = async ([isIn]: readonly boolean[]) => {
      const values = await at(isIn!, 1, ++seed);
      return [values.reduce((sum, value, i) => sum + value * direction[i]!, 0)];
    };
    const claimed = (multiplier: number) => epsilonOf(planned(multiplier).event(multiplier), delta).upper;
    const honest = await audit(score, { delta, claimed: claimed(1), runs: 1000, bound: 'gaussian', seed: 5 });
    expect(honest.refuted).toBe(false);
    // Had the noise been charged as four times what it is, this audit would have shown it.
    const boast = epsilonOf({ kind: 'gaussian', noiseMultiplier: 4 }, delta).upper;
    expect(honest.epsilonLower).toBeGreaterThan(boast);
    owned.forEach((each) => each.dispose());
    expect(tf.memory().numTensors).toBeLessThan(100);
  });

  it('sharded critics keep theirs, and are caught when they pay for one image of sixteen', async () => {
    // Critics of one white record turn round when it goes; each step is a release of its own.
    const runs = 1000;
    const options = { count: 2, clipNorm: 1e-3, noiseMultiplier: 1, steps: runs };
    const [without, with_] = [await criticsOn(rowsOf([]), options), await criticsOn(rowsOf([[255, 255]]), options)];
    const [images, labels] = [tf.zeros([1, 1, 2, 1]) as Tensor4D, tf.zeros([1, 2]) as Tensor2D];
    const score = async ([isIn]: readonly boolean[]) => {
      const released = await (isIn ? with_ : without).critics.next(images, labels);
      const values = await released.data();
      released.dispose();
      return [values[0]! + values[1]!];
    };
    const claimed = (multiplier: number) => epsilonOf({ kind: 'gaussian', noiseMultiplier: multiplier }, delta).upper;
    const honest = await audit(score, { delta, claimed: claimed(1), runs, bound: 'gaussian', seed: 6 });
    expect(honest.refuted).toBe(false);
    expect(honest.epsilonLower).toBeGreaterThan(claimed(4)); // the factor sqrt(16) of the batch left out
    [without, with_].forEach(({ critics }) => critics.dispose());
    tf.dispose([images, labels]);
  });
});
