import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../lib/core/options.js';
import { centralImages } from '../../lib/methods/central-images/central-images.js';
import { centralImageParameters } from '../../lib/methods/central-images/parameters.js';
import { spendsOnCentralImages } from '../../lib/methods/central-images/query.js';
import { setupEngine, type Tensor2D, type Tensor4D } from '../../lib/tensor/index.js';
import { largestChange, mechanismsOn, negligible, rowsOf, sealed, type Toy } from './toy.js';

beforeAll(() => setupEngine());

const params = parameterValues('central images', centralImageParameters, 'smoke', {
  ...{ centralRounds: 1, centralBatchSize: 100, centralShrink: 1, centralCopies: 1 },
  centralNoiseMultiplier: negligible,
});
const size = 12;
/** Eleven records of one class, one of the other, as bright as can be; and one class without records. */
const unbalanced: Toy = Array.from({ length: size }, (_, i) => [255, i === 0 ? 1 : 0]);
const oneClass: Toy = unbalanced.map(([bright]) => [bright, 0]);

const mechanisms = (toy: Toy) =>
  mechanismsOn(toy, [spendsOnCentralImages(params, sealed(toy, size).facts)], { size }).mechanisms;

/** The release itself, as `centralImages` asks for it, before it is made to images. */
async function released(toy: Toy): Promise<ArrayLike<number>> {
  const features = (images: Tensor4D) => images.reshape([-1, 1]) as Tensor2D;
  const query = { features, dimension: 1, clipNorm: 1 };
  return (await mechanisms(toy).sampledLabelMeans('central images', query)).value[0]!;
}

describe('pitfall 17: a fixed divisor for classes of any size', () => {
  const plan = spendsOnCentralImages(params, sealed(unbalanced).facts);

  it('bounds the change of central images by one record, of a class with one record too', async () => {
    for (const toy of [unbalanced, oneClass]) {
      const change = await largestChange(toy, released);
      expect(change).toBeLessThanOrEqual(plan.sensitivity * (1 + 1e-4));
      expect(change).toBeGreaterThan(plan.sensitivity * 0.999); // and the bound is reached
    }
  });

  it('gives an image for a class without records, and no NaN', async () => {
    const { images, classes } = (await centralImages(mechanisms(oneClass), params)).dataset;
    expect(images.count).toBe(classes.length);
    expect([...images.data]).toEqual([255, 0]); // twice the share of a class, cut off at white; nothing
  });

  it('is not bounded by this mutation: the mean by the number of records that a class has', async () => {
    const realised = (toy: Toy) => {
      const { data, labels } = rowsOf(toy);
      const means = [0, 1].map((label) => {
        const own = [...data].filter((_, row) => labels[row] === label);
        return own.length === 0 ? 0 : own.reduce((sum, value) => sum + value / 255, 0) / own.length;
      });
      return Promise.resolve(means);
    };
    expect(await largestChange(unbalanced, realised)).toBeGreaterThan(10 * plan.sensitivity);
  });
});
