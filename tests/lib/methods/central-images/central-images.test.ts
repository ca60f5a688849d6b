import { beforeAll, describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../../../lib/core/images.js';
import { parameterValues } from '../../../../lib/core/options.js';
import { SecureStream } from '../../../../lib/core/rng.js';
import { Mechanisms, Sensitive, type PublicFacts } from '../../../../lib/mechanisms/index.js';
import { centralImages } from '../../../../lib/methods/central-images/central-images.js';
import { centralImageParameters } from '../../../../lib/methods/central-images/parameters.js';
import { centralQuery, spendsOnCentralImages } from '../../../../lib/methods/central-images/query.js';
import { Ledger } from '../../../../lib/privacy/index.js';
import { setupEngine, tf, type Tensor2D } from '../../../../lib/tensor/index.js';
import { negligible } from '../embedding/neighbours.js';

beforeAll(() => setupEngine());

const given = { centralRounds: 1, centralBatchSize: 1000, centralNoiseMultiplier: negligible, centralCopies: 2 };
const paramsOf = (more: object = {}) =>
  parameterValues('central images', centralImageParameters, 'smoke', { ...given, centralShrink: 1, ...more });

const shape = { height: 2, width: 2, channels: 1 };

/** Records of 2 x 2 pixels of one value each, `[value, label]`. */
function rowsOf(records: readonly (readonly [number, number])[]): LabeledImages {
  const data = Uint8Array.from(records.flatMap(([value]) => [value, value, value, value]));
  return { data, labels: Uint8Array.from(records, ([, label]) => label), count: records.length, ...shape };
}

async function imagesOf(
  rows: LabeledImages,
  params: ReturnType<typeof paramsOf>,
  { classes = ['a', 'b'], size = rows.count, seed = 1 } = {},
) {
  const { height, width, channels } = rows;
  const facts: PublicFacts = { name: 'toy', size, classes, shape: { height, width, channels } };
  const plan = [spendsOnCentralImages(params, facts)];
  const options = { plan, noiseMultiplier: 1, ledger: new Ledger({ delta: 1e-5 }), noise: new SecureStream(seed) };
  return centralImages(new Mechanisms({ sensitive: Sensitive.seal(rows, facts), ...options }), params);
}

describe('central images', () => {
  it('are mean images of the classes, where all are alike or each has its own count', async () => {
    // Four of class a of mean 100, two of class b of 60: three of each are expected.
    const rows = rowsOf([
      ...([80, 120, 90, 110].map((value) => [value, 0]) as [number, number][]),
      ...([50, 70].map((value) => [value, 1]) as [number, number][]),
    ]);
    const first = async (divisor: string) => {
      const { released } = await imagesOf(rows, paramsOf({ centralDivisor: divisor }));
      return [released.data[0], released.data[4], ...released.labels];
    };
    // Values end at the byte below.
    expect(await first('expected')).toEqual([133, 39, 0, 1]);
    const own = await first('noisy-counts');
    expect(Math.abs(own[0]! - 99.5)).toBeLessThan(1);
    expect(Math.abs(own[1]! - 59.5)).toBeLessThan(1);
  });

  it('are images for classes with few records and with none, dark where there is nothing, at any noise', async () => {
    const rows = rowsOf([...Array.from({ length: 29 }, () => [255, 0] as const), [255, 1]]);
    for (const centralDivisor of ['expected', 'noisy-counts']) {
      const classes = ['many', 'one', 'none'];
      const { released } = await imagesOf(rows, paramsOf({ centralDivisor }), { classes });
      const [many, one, none] = [0, 4, 8].map((at) => released.data[at]!);
      expect(many).toBeGreaterThan(253);
      expect(none).toBe(0);
      // One record of ten expected; by its own count it is white, as it is.
      if (centralDivisor === 'expected') expect(one).toBe(25);
      else expect(one).toBeGreaterThan(253);
      const noisy = await imagesOf(rows, paramsOf({ centralDivisor, centralNoiseMultiplier: 1e6 }), { classes });
      expect(noisy.released.count).toBe(3);
    }
  });

  it('are dark for a class of which nothing but noise is there', async () => {
    // 90 dark records of a class and none of the other; noise of 2 records on the sums, of which 4.5 at least make an image.
    const { height, width } = { height: 8, width: 8 };
    const data = new Uint8Array(90 * 64).fill(60);
    const rows = { data, labels: new Uint8Array(90), count: 90, height, width, channels: 1 };
    const params = paramsOf({ centralDivisor: 'noisy-counts', centralNoiseMultiplier: 0.05 });
    let white = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { released } = await imagesOf(rows, params, { seed });
      white += released.data.subarray(64).filter((value) => value === 255).length;
    }
    expect(white).toBeLessThan(0.001 * 20 * 64);
  });

  it('keep the upper left pixel of a square, or its mean; a constant stays one when it is enlarged', async () => {
    const data = Uint8Array.from({ length: 16 }, (_, i) => i * 10);
    const rows = { data, labels: new Uint8Array(1), count: 1, height: 4, width: 4, channels: 1 };
    for (const [by, expected] of [
      ['upper-left', [0, 20, 80, 100]],
      ['average', [25, 45, 105, 125]],
    ] as const) {
      const { features } = centralQuery(paramsOf({ centralShrink: 2, centralShrinkBy: by }), { shape: rows });
      const values = tf.tidy(() => features(tf.tensor4d([...data], [1, 4, 4, 1])) as Tensor2D);
      expect([...(await values.data())]).toEqual(expected);
      tf.dispose(values);
    }
    const even = Uint8Array.from({ length: 32 }, (_, i) => (i < 16 ? 100 : 101));
    const both = { ...rows, data: even, labels: new Uint8Array(2), count: 2 };
    const { released } = await imagesOf(both, paramsOf({ centralShrink: 2 }), { classes: ['a'] });
    expect([...released.data]).toEqual(Array.from({ length: 16 }, () => 100)); // of 100.5
  });

  it('are the commonest values of the pixels: an oracle by hand', async () => {
    // 0.1, 0.1 and 0.9: two bins give 0; of sixteen, 0.1 is in bin 1, which stands for 1/15 = 17 bytes.
    const rows = rowsOf([26, 26, 230].map((value) => [value, 0] as const));
    const mode = async (bins: number) => {
      const params = paramsOf({ central: 'mode', centralBins: bins });
      return (await imagesOf(rows, params, { classes: ['a'] })).released.data[0];
    };
    expect([await mode(2), await mode(16)]).toEqual([0, 17]);
    await expect(mode(1)).rejects.toThrow('central images: centralBins is too small; got 1, expected two at least');
  });

  it('put a one into a bin of each pixel, the last bin taking white too', async () => {
    const { features, dimension, clipNorm } = centralQuery(paramsOf({ central: 'mode', centralBins: 4 }), { shape });
    const vectors = tf.tidy(
      () => features(tf.tensor4d([0, 0.2499, 0.25, 1, 0.5, 0.74, 0.76, 0.999], [2, 2, 2, 1])) as Tensor2D,
    );
    const values = [...(await vectors.data())];
    tf.dispose(vectors);
    expect(dimension).toBe(16);
    const bin = (i: number) => values.slice(4 * i, 4 * i + 4).join('');
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(bin)).toEqual(
      ['1000', '1000', '0100', '0001', '0010', '0010', '0001', '0001'], // prettier-ignore
    );
    expect(clipNorm).toBe(2);
    expect(Math.hypot(...values.slice(0, 16))).toBe(2);
  });

  it('have noise as they are planned: 0.1167 a pixel on MNIST', async () => {
    // 60,000 records of black; batches of 6,000 expected; z = 5; the side of 28 halved: 14 * 5 / 600.
    const facts = { name: 'x', size: 60000, classes: [...'0123456789'], shape: { height: 28, width: 28, channels: 1 } };
    const params = paramsOf({ centralShrink: 2, centralBatchSize: 6000, centralNoiseMultiplier: 5 });
    const planned = spendsOnCentralImages(params, facts);
    const deviation = planned.sensitivity * planned.noiseMultiplier(1) * 10;
    expect(deviation).toBeCloseTo(0.1166667, 6);
    // Released: no record at all, so that the means are noise. A tenth of the classes has a record a class.
    const none = { data: new Uint8Array(0), labels: new Uint8Array(0), count: 0, ...facts.shape };
    const ledger = new Ledger({ delta: 1e-5 });
    const mechanisms = new Mechanisms({
      ...{ sensitive: Sensitive.seal(none, facts), plan: [planned], noiseMultiplier: 1, ledger },
      noise: new SecureStream(4),
    });
    const { value } = await mechanisms.sampledLabelMeans('central images', centralQuery(params, facts));
    const square = value[0]!.reduce((sum, each) => sum + (10 * each) ** 2, 0) / value[0]!.length;
    // 1,960 values: the deviation of the estimate is 1.6 %.
    expect(Math.abs(Math.sqrt(square) / 0.1166667 - 1)).toBeLessThan(0.065);
    expect(mechanisms.facts.size).toBe(60000);
  });

  it('come with copies, shaken or by RandAugment, the classes kept; they are filtered when that is asked for', async () => {
    const spotted = {
      data: Uint8Array.from({ length: 64 }, (_, i) => (i === 27 ? 255 : 51)),
      ...{ count: 1, channels: 1 },
    };
    const rows = { ...spotted, labels: Uint8Array.of(1), height: 8, width: 8 };
    const size = 2; // expected: one of each class
    const plain = await imagesOf(rows, paramsOf({ centralAugment: 'rand-augment', centralCopies: 30 }), { size });
    expect(plain.dataset).toMatchObject({ name: 'central images of toy', classes: ['a', 'b'] });
    expect(plain.dataset.images.count).toBe(60);
    expect([...plain.dataset.images.labels]).toEqual(Array.from({ length: 60 }, (_, i) => Math.floor(i / 30)));
    expect([...plain.released.labels]).toEqual([0, 1]);
    expect(plain.released.data[64 + 27]).toBeGreaterThan(253);
    const shaken = await imagesOf(rows, paramsOf(), { size });
    expect(shaken.dataset.images.data.subarray(0, 64)).toEqual(shaken.released.data.subarray(0, 64));
    const smooth = await imagesOf(rows, paramsOf({ centralFilter: 'median-and-sharpen' }), { size });
    expect(Math.max(...smooth.released.data.subarray(64))).toBeLessThan(60); // of 51
  });

  it('leave no tensor behind', async () => {
    const before = tf.memory().numTensors;
    for (const more of [{ centralDivisor: 'noisy-counts' }, { central: 'mode' }])
      await imagesOf(rowsOf([[9, 0]]), paramsOf(more));
    expect(tf.memory().numTensors).toBe(before);
  });
});
