import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { dpgan } from '../../../../lib/methods/dpgan.js';
import { labelsInParts } from '../../../../lib/methods/gan/fakes.js';
import { GanTraining } from '../../../../lib/methods/gan/gan-training.js';
import { Gan } from '../../../../lib/methods/gan/gan.js';
import { generatorLoss } from '../../../../lib/methods/gan/hinge-losses.js';
import { drawInput } from '../../../../lib/nn/generators/draw-images.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 8, width: 8, channels: 1 };
const facts = { name: 'made up', size: 100, classes: ['a', 'b'], shape };
const checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };

function newTraining(given: object = {}) {
  const params = parameterValues('dpgan', dpgan.params, 'smoke', { fakes: 8, generatorBatch: 8, ...given });
  const gan = new Gan(facts, params, 2, new SeededStream(1));
  const stream = new SeededStream('training');
  return { gan, params, training: new GanTraining(gan, { stage: 'private', params, classes: 2, checkpoint, stream }) };
}

const gradientsOfOnes = ({ criticWeights }: Gan): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(criticWeights).map(([name, { shape }]) => [name, tf.ones(shape)]));

const valuesOf = async (tensors: Readonly<Record<string, Tensor>>, name: string) => [...(await tensors[name]!.data())];

describe('a stage of training', () => {
  it('moves the critic at each step and the generator at every third, at rates that fall to 0', async () => {
    const before = tf.memory().numTensors;
    const { gan, training } = newTraining({ criticSteps: 3, decayedPart: 0.5, criticRate: 0.01 });
    const steps = 6;
    const moves: number[] = [];
    const moved: boolean[] = [];
    for (let step = 1; step <= steps; step++) {
      const [critic, generator] = [
        await valuesOf(gan.criticWeights, 'score.bias'),
        await valuesOf(gan.generator.parameters, 'bias4'),
      ];
      training.step(gradientsOfOnes(gan), { step, steps });
      moves.push(critic[0]! - (await valuesOf(gan.criticWeights, 'score.bias'))[0]!);
      moved.push(generator[0] !== (await valuesOf(gan.generator.parameters, 'bias4'))[0]);
    }
    expect(moved).toEqual([false, false, true, false, false, true]);
    // Adam moves by its rate along gradients that stay the same: 1 until half of the steps are left, then 3/4, 1/2, 1/4.
    const expected = [1, 1, 1, 0.75, 0.5, 0.25].map((rate) => 0.01 * rate);
    moves.forEach((move, i) => expect(move).toBeCloseTo(expected[i]!, 5));
    training.dispose();
    gan.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('moves the generator by the mean over all of its batch, in however many parts', async () => {
    const { gan, params, training } = newTraining({ criticSteps: 1, generatorBatch: 7, generatorPart: 4, momentum: 0 });
    const { generator, critic, criticWeights } = gan;
    const stream = new SeededStream('training').fork('generator 1');
    const names = Object.keys(generator.parameters);
    const weights = names.map((name) => generator.parameters[name]!);
    const critics = Object.keys(criticWeights);
    // The critic stands still: its gradients are zeros.
    const zeros = () =>
      tf.tidy(() => Object.fromEntries(critics.map((name) => [name, tf.zerosLike(criticWeights[name]!)])));
    const loss = (...values: Tensor[]) =>
      labelsInParts(7, 4, 2)
        .map((part, i) => {
          const { latents, labels } = drawInput(generator, part, stream.fork(`part ${i}`));
          const images = generator.train(
            latents,
            labels,
            Object.fromEntries(names.map((name, j) => [name, values[j]!])),
          );
          const score = generatorLoss(critic, critics)(images, labels, ...Object.values(criticWeights));
          return score.mul(part.length / 7);
        })
        .reduce((sum, part) => sum.add(part))
        .asScalar();
    const gradients = tf.tidy(() => tf.grads(loss)(weights));
    // The first step of Adam is the rate times the sign, which is that of the mean wherever a gradient is not tiny.
    const [signs, start] = [
      await gradients[names.indexOf('conv3')]!.data(),
      await valuesOf(generator.parameters, 'conv3'),
    ];
    training.step(zeros(), { step: 1, steps: 100 });
    const end = await valuesOf(generator.parameters, 'conv3');
    let compared = 0;
    signs.forEach((gradient, i) => {
      if (Math.abs(gradient) < 1e-4) return; // where the epsilon of Adam counts
      expect(start[i]! - end[i]!).toBeCloseTo(params.generatorRate * Math.sign(gradient), 4);
      compared++;
    });
    expect(compared).toBeGreaterThan(1000);
    tf.dispose(gradients);
    training.dispose();
    gan.dispose();
  });

  it('lends the generator its average weights, and gives its own back whatever happens', async () => {
    const before = tf.memory().numTensors;
    const { gan, training } = newTraining({ criticSteps: 1 });
    const first = await valuesOf(gan.generator.parameters, 'bias4');
    training.step(gradientsOfOnes(gan), { step: 1, steps: 2 });
    const own = await valuesOf(gan.generator.parameters, 'bias4');
    const average = await training.average.during(() => valuesOf(gan.generator.parameters, 'bias4'));
    // After the first update 2 / 11 of the first value is left.
    expect(average[0]).toBeCloseTo((2 / 11) * first[0]! + (9 / 11) * own[0]!, 6);
    expect(await valuesOf(gan.generator.parameters, 'bias4')).toEqual(own);
    await expect(training.average.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await valuesOf(gan.generator.parameters, 'bias4')).toEqual(own);
    training.dispose();
    gan.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
