import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { composedEvent } from '../../../../lib/core/events.js';
import type { Mechanisms } from '../../../../lib/mechanisms/index.js';
import { centralImageParameters } from '../../../../lib/methods/central-images/parameters.js';
import { centralQuery, spendsOnCentralImages } from '../../../../lib/methods/central-images/query.js';
import { gaussianSteps } from '../../../../lib/privacy/epsilon.js';
import { rdp } from '../../../../lib/privacy/rdp.js';
import { setupEngine } from '../../../../lib/tensor/index.js';
import { largestChange, negligible, toyFacts } from '../embedding/neighbours.js';

beforeAll(() => setupEngine());

const mnist = {
  ...{ name: 'mnist', size: 55000, classes: [...'0123456789'] },
  shape: { height: 28, width: 28, channels: 1 },
};
const paramsOf = (scale: 'smoke' | 'laptop' | 'paper', given: object = {}) =>
  parameterValues('central images', centralImageParameters, scale, given);

describe('the plan of central images', () => {
  it('costs what the paper says: five rounds on a Poisson batch of 1 / 10, noise multiplier 5', () => {
    const plan = spendsOnCentralImages(paramsOf('paper', { centralDivisor: 'expected' }), mnist);
    expect(plan.sampling).toMatchObject({ sampleRate: 0.1, steps: 5 });
    expect([plan.noise, plan.noiseMultiplier(1)]).toEqual(['fixed', 5]);
    // Norm sqrt(196) = 14 over an expected batch of 5,500: times 10 classes the 14 / 550 of a class mean.
    expect(plan.sensitivity).toBeCloseTo(14 / 5500, 12);
    // A count with weight 14 / 4 beside them: a 32nd more.
    expect(spendsOnCentralImages(paramsOf('paper'), mnist).sensitivity).toBeCloseTo(
      (14 / 5500) * Math.hypot(1, 0.25),
      12,
    );
  });

  it('is charged for the rate that is drawn at: below the 0.2366 of the reference, which charges 6000 / 55000', () => {
    const delta = 1 / (55000 * Math.log(55000));
    const epsilon = (event: ReturnType<typeof gaussianSteps>) =>
      rdp.epsilon(composedEvent([event]), delta, { orders: 'reference' }).upper;
    expect(epsilon(gaussianSteps(5, 6000 / 55000, 5))).toBeCloseTo(0.2366, 4);
    const ours = epsilon(spendsOnCentralImages(paramsOf('paper'), mnist).event(1));
    expect(ours).toBeLessThan(0.2366);
    expect(ours).toBeGreaterThan(0.2);
  });

  it('reads all records once at laptop scale, with noise that follows the budget', () => {
    const plan = spendsOnCentralImages(paramsOf('laptop'), mnist);
    expect(plan.sampling).toMatchObject({ sampleRate: 1, steps: 1 });
    expect([plan.noise, plan.noiseMultiplier(0.5)]).toEqual(['calibrated', 4]);
  });

  it('is refused where the side of the squares does not divide the images', () => {
    expect(() => spendsOnCentralImages(paramsOf('smoke', { centralShrink: 3 }), mnist)).toThrow(
      'central images: centralShrink does not divide the sides of the images; got 3, expected a divisor of 28 and 28',
    );
  });
});

describe('central images of neighbours', { timeout: 60_000 }, () => {
  const toy = { centralRounds: 1, centralBatchSize: 1000, centralShrink: 1, centralNoiseMultiplier: negligible };
  const release = (params: ReturnType<typeof paramsOf>) => async (mechanisms: Mechanisms) =>
    (await mechanisms.sampledLabelMeans('central images', centralQuery(params, toyFacts))).value[0]!;

  // Records of 2 x 3 pixels in three classes, some of them without a record: random, black, white, with single bright pixels.
  it.each([
    ['mean', {}, 0.999], // reached by white images
    ['mean and noisy counts', { centralDivisor: 'noisy-counts' }, 0.999],
    ['mode', { central: 'mode', centralBins: 4 }, 0.999], // every record has that norm
  ])('%s: no pair of 1,000 is farther apart than planned, and the bound is reached', async (_, more, reached) => {
    const params = paramsOf('smoke', { ...toy, ...more });
    const plan = spendsOnCentralImages(params, toyFacts);
    const change = await largestChange(1000, plan, release(params));
    expect(change).toBeLessThanOrEqual(1 + 1e-4); // noise of a millionth is in it
    expect(change).toBeGreaterThan(reached);
  });

  it('are farther apart in this mutation: a class divided by the number of its records in the batch', async () => {
    const params = paramsOf('smoke', { ...toy, centralDivisor: 'noisy-counts' });
    const planned = spendsOnCentralImages(paramsOf('smoke', toy), toyFacts);
    const { pixels, countWeight } = centralQuery(params, toyFacts);
    const classes = toyFacts.classes.length;
    const realised = async (mechanisms: Mechanisms) => {
      const sums = await release(params)(mechanisms);
      return Array.from({ length: pixels * classes }, (_, i) => {
        const share = sums[pixels * classes + (i % classes)]! / countWeight;
        return share < 1e-3 ? 0 : sums[i]! / share / classes; // where all classes are alike: the same as planned
      });
    };
    const change = await largestChange(1000, spendsOnCentralImages(params, toyFacts), realised);
    const inUnitsOfThePlan = (change * spendsOnCentralImages(params, toyFacts).sensitivity) / planned.sensitivity;
    expect(inUnitsOfThePlan).toBeGreaterThan(2);
  });
});
