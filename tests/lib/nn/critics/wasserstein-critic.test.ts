import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { WassersteinCritic } from '../../../../lib/nn/critics/wasserstein-critic.js';
import { disposeAll, parameterCount } from '../../../../lib/nn/parameters.js';
import { ReplayedGradient } from '../../../../lib/nn/replayed-gradient.js';
import {
  setupEngine,
  tf,
  type Scalar,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
} from '../../../../lib/tensor/index.js';
import { expectShown, labelRows, setToWaves, wave, type Shown } from '../generators/waves.js';

const {
  batch,
  classes,
  wassersteinCritic: golden,
} = JSON.parse(readFileSync(new URL('../../../golden/generators.json', import.meta.url), 'utf8')) as {
  readonly batch: number;
  readonly classes: number;
  readonly wassersteinCritic: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly widths: readonly number[];
    readonly scores: Shown;
    readonly loss: number;
    readonly gradients: Record<string, Shown>;
  };
};

/** float32 against double, relative to the largest value of a tensor. */
const tolerance = 1e-3;

beforeAll(() => setupEngine());

describe('the critic of GS-WGAN', () => {
  it.each([
    [28, 1, 10, 1_071_105],
    [32, 3, 10, 1_074_305],
    [32, 3, 100, 1_442_945],
    [32, 3, 2, 1_041_537],
  ])('of %i pixels, %i channels and %i classes has %i parameters', (side, channels, classes, count) => {
    const before = tf.memory().numTensors;
    const critic = new WassersteinCritic({ shape: { height: side, width: side, channels }, classes });
    const { parameters, state } = critic.initialise(new SeededStream(1));
    expect(parameterCount(parameters)).toBe(count);
    disposeAll(parameters);
    disposeAll(state);
    critic.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the scores of PyTorch, and the gradient of a loss with a gradient penalty', async () => {
    const before = tf.memory().numTensors;
    const { height, width, channels, widths } = golden;
    const critic = new WassersteinCritic({ shape: { height, width, channels }, classes, channels: widths });
    const weights = critic.initialise(new SeededStream(1));
    setToWaves(weights.parameters, weights.state);
    critic.advance(weights);
    const inputs = tf.tidy(() => [
      ...[310, 311].map((phase) => wave([batch, height, width, channels], phase).mul(0.5).add(0.5)),
      wave([batch], 312).mul(0.5).add(0.5).reshape([batch, 1, 1, 1]),
      labelRows(batch, classes),
    ]);
    const scores = tf.tidy(() =>
      critic.scores({ ...weights.parameters, ...weights.state }, inputs[0] as Tensor4D, inputs[3] as Tensor2D),
    );
    await expectShown(scores, golden.scores, tolerance, 'scores');
    const stateNames = Object.keys(weights.state);
    const loss = (parameters: Record<string, Tensor>, ...rest: Tensor[]): Scalar => {
      const [real, fake, share] = rest as [Tensor4D, Tensor4D, Tensor4D];
      const labels = rest[3] as Tensor2D;
      const state = Object.fromEntries(stateNames.map((name, i) => [name, rest[4 + i]!]));
      const score = (images: Tensor4D) => critic.scores({ ...parameters, ...state }, images, labels);
      const between = share.mul(real).add<Tensor4D>(tf.sub(1, share).mul(fake));
      const slopes = tf.grad((x: Tensor) => score(x as Tensor4D).sum())(between);
      const lengths = slopes.square().sum([1, 2, 3]).sqrt();
      const ofReal = score(real);
      return score(fake)
        .mean()
        .sub(ofReal.mean())
        .add(lengths.sub(1).square().mean().mul(10))
        .add(ofReal.square().mean().mul(0.001))
        .asScalar();
    };
    const gradient = new ReplayedGradient(weights.parameters, loss as never);
    const found = gradient.at(...inputs, ...Object.values(weights.state));
    expect((await found.loss.data())[0]! / golden.loss).toBeCloseTo(1, 4);
    expect(Object.keys(found.gradients)).toEqual(Object.keys(golden.gradients));
    for (const [name, values] of Object.entries(found.gradients))
      await expectShown(values, golden.gradients[name]!, tolerance, name);
    gradient.dispose();
    tf.dispose([...inputs, scores, found]);
    disposeAll(weights.parameters);
    disposeAll(weights.state);
    critic.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses numbers that are no counts', () => {
    const shape = { height: 28, width: 28, channels: 1 };
    expect(() => new WassersteinCritic({ shape, classes: 0 })).toThrow(
      'WassersteinCritic: classes is out of range; got 0, expected a whole number of at least 1',
    );
  });
});
