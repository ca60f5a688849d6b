import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { initialParameters } from '../../../../lib/nn/initial-parameters.js';
import type { Layer } from '../../../../lib/nn/layers/layer.js';
import { lowRank } from '../../../../lib/nn/layers/low-rank.js';
import { parameterNames } from '../../../../lib/nn/layers/role.js';
import { disposeAll, type Weights } from '../../../../lib/nn/parameters.js';
import { forwardTape, withExampleGradients, type ExampleLosses, type Tape } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor, type Tensor2D } from '../../../../lib/tensor/index.js';
import { naiveGradients, normal, relativeDifference, relativeTolerance, weightsOf } from './naive.js';

beforeAll(() => setupEngine());

const adapted = lowRank({ name: 'q', inputs: 5, outputs: 4, rank: 2, scale: 0.5 });
const adapters = parameterNames(adapted.layers, { roles: ['adapter'] });

describe('a low-rank adapter', () => {
  it('changes nothing at first', async () => {
    const before = tf.memory().numTensors;
    const parameters = initialParameters(adapted.layers, new SeededStream(1));
    const x = normal([3, 5], 'x');
    const [got, plain] = tf.tidy(() => {
      const tape = forwardTape(parameters);
      return [adapted.apply(tape, x), tape.use(adapted.layers[0]!, x)] as const;
    });
    expect([...(await got.data())]).toEqual([...(await plain.data())]);
    expect((await parameters['q.down.kernel']!.data()).every((value) => value !== 0)).toBe(true);
    disposeAll(parameters);
    tf.dispose([x, got, plain]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is kernel + scale A B', async () => {
    const weights = weightsOf(...adapted.layers);
    const x = normal([3, 5], 'x');
    const [got, expected] = tf.tidy((): [Tensor, Tensor] => {
      const weight = (name: string) => weights[name] as Tensor2D;
      const kernel = weight('q.kernel').add<Tensor2D>(weight('q.down.kernel').matMul(weight('q.up.kernel')).mul(0.5));
      const plain = (x as Tensor2D).matMul(kernel).add(weights['q.bias']!);
      return [adapted.apply(forwardTape(weights), x), plain];
    });
    expect(await relativeDifference(got, expected)).toBeLessThan(relativeTolerance);
    tf.dispose([weights, x, got, expected]);
  });

  it('is trained alone: the kernel gets no probe and no gradient', async () => {
    expect(adapters).toEqual(['q.down.kernel', 'q.up.kernel']);
    const weights = weightsOf(...adapted.layers);
    const x = normal([3, 5], 'x');
    const probed: string[] = [];
    const watched = (layer: Layer): Layer => ({
      ...layer,
      apply: (weights: Weights, input: Tensor, probe?: Tensor) => {
        if (probe) probed.push(...Object.keys(layer.parameters));
        return layer.apply(weights, input, probe);
      },
    });
    const losses: ExampleLosses = (tape, x) => {
      const watching: Tape = { use: (layer, input) => tape.use(watched(layer), input) };
      return adapted.apply(watching, x!).square().mean(1);
    };
    const got = withExampleGradients(losses, { weights, trained: adapters, inputs: [x] }, (gradients) => {
      expect([...gradients.keys()]).toEqual(adapters);
      return [...gradients.values()].map((gradient) => gradient.all());
    });
    expect(probed).toEqual(adapters);
    const all = tf.tidy(() => naiveGradients(losses, weights, [x]));
    for (const [i, name] of adapters.entries())
      expect(await relativeDifference(got[i]!, all[Object.keys(weights).indexOf(name)]!)).toBeLessThan(
        relativeTolerance,
      );
    tf.dispose([weights, x, got, all]);
  });

  it('refuses a rank that is no whole number above 0', () => {
    expect(() => lowRank({ name: 'q', inputs: 5, outputs: 4, rank: 0 })).toThrow(
      'lowRank: rank is out of range; got 0, expected a whole number of at least 1.',
    );
  });
});
