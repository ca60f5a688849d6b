import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../lib/core/errors.js';
import { conv2d } from '../../../lib/nn/layers/conv2d.js';
import { dense } from '../../../lib/nn/layers/dense.js';
import { forwardTape, withExampleGradients, type ExampleLosses } from '../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../../lib/tensor/index.js';
import { naiveGradients, normal, relativeDifference, relativeTolerance, weightsOf } from './layers/naive.js';

const layer = dense({ name: 'layer', inputs: 4, outputs: 4 });
let weights: Record<string, Tensor>;
let x: Tensor;

beforeAll(async () => {
  await setupEngine();
  weights = weightsOf(layer);
  x = normal([3, 5, 4], 'x');
});

afterAll(() => tf.dispose([weights, x]));

const all = (losses: ExampleLosses, trained = Object.keys(weights), given: Record<string, Tensor> = weights) =>
  withExampleGradients(losses, { weights: given, trained, inputs: [x] }, (gradients) =>
    [...gradients.values()].flatMap((g) => [g.all(), g.squaredNorms()]),
  );

describe('a tape', () => {
  it('adds up the uses of a layer before it takes the norm', async () => {
    const before = tf.memory().numTensors;
    const losses: ExampleLosses = (tape, x) =>
      tape
        .use(layer, tape.use(layer, tape.use(layer, x!).tanh()).tanh())
        .square()
        .mean([1, 2]);
    const got = all(losses);
    const expected = tf.tidy(() =>
      naiveGradients(losses, weights, [x]).flatMap((g) => [g, g.reshape([3, -1]).square().sum(1)]),
    );
    for (const [i, tensor] of got.entries())
      expect(await relativeDifference(tensor, expected[i]!)).toBeLessThan(relativeTolerance);
    tf.dispose([got, expected]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('finds gradients for trained weights only', async () => {
    const losses: ExampleLosses = (tape, x) => tape.use(layer, x!).square().mean([1, 2]);
    const [bias, norms] = all(losses, ['layer.bias']);
    const [, expected] = tf.tidy(() => naiveGradients(losses, weights, [x]));
    expect(await relativeDifference(bias!, expected!)).toBeLessThan(relativeTolerance);
    tf.dispose([bias!, norms!, expected!]);
  });

  it('gives a frozen layer no probe', () => {
    const probes: boolean[] = [];
    const other = dense({ name: 'other', inputs: 4, outputs: 4 });
    const watched = {
      ...layer,
      apply: (...[weights, input, probe]: Parameters<typeof layer.apply>) => {
        probes.push(probe !== undefined);
        return layer.apply(weights, input, probe);
      },
    };
    const more = { ...weights, ...weightsOf(other) };
    const got = all((tape, x) => tape.use(other, tape.use(watched, x!)).square().mean([1, 2]), ['other.bias'], more);
    expect(probes).toEqual([false, false]); // the pass for the shapes, and the pass for the gradients
    tf.dispose([got, more['other.kernel']!, more['other.bias']!]);
  });

  it('says what is wrong', () => {
    const before = tf.memory().numTensors;
    const used: ExampleLosses = (tape, x) => tape.use(layer, x!).mean([1, 2]);
    const mixed: ExampleLosses = (tape, x) => tape.use(layer, x!).mean();
    const wrong = conv2d({ name: 'layer', inputs: 4, outputs: 4 });
    expect(() => all(mixed)).toThrow(OptionError);
    expect(() => all(mixed)).toThrow(
      "example gradients: the losses are not one number for each example; got [], expected shape [3], the length of the inputs' first axis.",
    );
    expect(() => all(used, ['layer.bias', 'later.bias'])).toThrow(
      "example gradients: a trained parameter is used by no layer; got 'later.bias'",
    );
    const split: ExampleLosses = (tape, x) =>
      tape
        .use(layer, x!.reshape([5, 3, 4]))
        .mean()
        .tile([3]);
    expect(() => all(split)).toThrow(
      'example gradients of layer dense: the rows of its input are not the same number for each example; got 5, expected a multiple of the 3 examples.',
    );
    expect(() => all(used, [])).toThrow('example gradients: no parameter is trained');
    expect(() => forwardTape(weights).use(wrong, x)).toThrow(
      'layer conv2d: the weight layer.kernel has another shape; got [4,4], expected shape [3, 3, 4, 4].',
    );
    expect(() => all(used, ['layer.bias'], { 'layer.bias': weights['layer.bias']! })).toThrow(
      "layer dense: there is no weight layer.kernel; got 'layer.bias', expected shape [4, 4].",
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
