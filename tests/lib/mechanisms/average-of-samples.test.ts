import { beforeAll, describe, expect, it } from 'vitest';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { gaussianOnSamples } from '../../../lib/mechanisms/index.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';
import { brightness, mechanismsOn, type Toy } from '../../privacy/toy.js';

beforeAll(() => setupEngine());

const size = 100;
const noiseMultiplier = 2;
const toy: Toy = Array.from({ length: size }, (_, i) => [i % 3 === 0 ? 255 : 0, i % 2]);
const mechanismsFor = (plan: Parameters<typeof mechanismsOn>[1]) => mechanismsOn(toy, plan, { noiseMultiplier });

describe('Mechanisms.averageOfSampledLabelMeans', () => {
  const plan = (sampleRate: number, steps: number, noiseMultiplier?: number) =>
    gaussianOnSamples({
      ...{ of: 'rounds', l2Sensitivity: 1 / (size * sampleRate), sampleRate, steps },
      ...(noiseMultiplier !== undefined && { noiseMultiplier }),
    });

  it('releases the average of what would be released one by one, at the same cost', async () => {
    const planned = [plan(0.5, 30)];
    const [each, average] = [mechanismsFor(planned), mechanismsFor(planned)]; // with the same repeatable noise
    const means = (await each.mechanisms.sampledLabelMeans('rounds', brightness)).value;
    const { value } = await average.mechanisms.averageOfSampledLabelMeans('rounds', brightness);
    expect(value).toHaveLength(2);
    value.forEach((number, i) => {
      expect(number).toBeCloseTo(
        means.reduce((sum, mean) => sum + mean[i]! / 30, 0),
        6,
      );
    });
    expect(average.ledger.entries).toEqual(each.ledger.entries);
    expect(average.ledger.entries[0]!.event).toEqual(
      selfComposedEvent(poissonSampledEvent(0.5, gaussianEvent(noiseMultiplier)), 30),
    );
  });

  it('has the noise of one release divided by the root of their number', async () => {
    const zeros = { features: (x: Tensor4D) => tf.zeros([x.shape[0], 1000]) as Tensor2D, dimension: 1000, clipNorm: 1 };
    const { value } = await mechanismsFor([plan(0.1, 16)]).mechanisms.averageOfSampledLabelMeans('rounds', zeros);
    const deviation = Math.sqrt(value.reduce((sum, v) => sum + v * v, 0) / value.length);
    // 2,000 normals of deviation 2 / 10 / 4, to 4 standard errors.
    expect(Math.abs(deviation / 0.05 - 1)).toBeLessThan(4 / Math.sqrt(2 * 2000));
  });

  it('is refused when a batch is more sensitive than planned, and with a bound below 0', async () => {
    const tooSmall = gaussianOnSamples({ of: 'rounds', l2Sensitivity: 1 / size, sampleRate: 0.5, steps: 4 });
    const { mechanisms } = mechanismsFor([tooSmall]);
    await expect(mechanisms.averageOfSampledLabelMeans('rounds', brightness)).rejects.toThrow(
      "it is more sensitive than `spends` declares; got 'gaussian-on-samples, sensitivity 0.02'",
    );
    await expect(mechanisms.averageOfSampledLabelMeans('rounds', { ...brightness, clipNorm: -1 })).rejects.toThrow(
      'clipNorm is out of range; got -1',
    );
  });
});
