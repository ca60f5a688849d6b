import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { Adam } from '../../../lib/nn/adam.js';
import { Ema } from '../../../lib/nn/ema.js';
import { constant, disposeAll, type NetworkParameters } from '../../../lib/nn/parameters.js';
import { Sgd } from '../../../lib/nn/sgd.js';
import { restoreVariables } from '../../../lib/nn/training-state.js';
import { loadWeights, saveWeights, setupEngine, tf, type Tensor } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const makers = {
  Adam: (parameters: NetworkParameters) => new Adam(parameters),
  'Sgd with momentum': (parameters: NetworkParameters) => new Sgd(parameters, { momentum: 0.9, weightDecay: 0.01 }),
};

/** Parameters that are trained along seeded gradients and averaged. */
function training(make: (typeof makers)[keyof typeof makers]) {
  const parameters = { a: constant([3], 1), b: constant([2, 2], -1) };
  const [optimizer, ema] = [make(parameters), new Ema(parameters)];
  return {
    parameters,
    optimizer,
    ema,
    run(from: number, to: number) {
      for (let step = from; step <= to; step++) {
        const stream = new SeededStream('gradients').fork(String(step));
        const gradient = (shape: number[]) => tf.fill(shape, stream.normal()).mul(tf.range(1, 5).slice([0], [1]));
        tf.tidy(() => optimizer.apply({ a: gradient([3]), b: gradient([2, 2]) }, 0.05));
        ema.update();
      }
    },
    all: (): Record<string, Tensor> => ({ ...parameters, ...optimizer.state(), ...ema.state() }),
    async restore(tensors: Record<string, Tensor>) {
      restoreVariables('network', parameters, tensors);
      await optimizer.restore(tensors);
      await ema.restore(tensors);
    },
    dispose() {
      optimizer.dispose();
      ema.dispose();
      disposeAll(parameters);
    },
  };
}

async function valuesOf(tensors: Record<string, Tensor>): Promise<Record<string, readonly number[]>> {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => [name, [...(await tensor.data())]] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe('the state of training', () => {
  it.each(Object.entries(makers))('of %s, saved in a file, goes on bit by bit as if not stopped', async (_, make) => {
    const before = tf.memory().numTensors;
    const folder = mkdtempSync(join(tmpdir(), 'dpbench-state-'));
    const path = join(folder, 'state.safetensors');
    const [whole, first, second] = [training(make), training(make), training(make)];
    whole.run(1, 30);
    first.run(1, 10);
    await saveWeights(path, first.all());
    first.run(11, 15); // what comes after a checkpoint is lost
    const { tensors } = await loadWeights(path);
    await second.restore(tensors);
    tf.dispose(tensors); // the copies stand alone
    second.run(11, 30);
    expect(await valuesOf(second.all())).toEqual(await valuesOf(whole.all()));
    [whole, first, second].forEach((each) => each.dispose());
    rmSync(folder, { recursive: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(['adam/steps', 'adam/first/b', 'ema/updates'])(
    'needs %s: without it the rest goes otherwise',
    async (name) => {
      const [whole, second] = [training(makers.Adam), training(makers.Adam)];
      whole.run(1, 10);
      const fresh = tf.zerosLike(whole.all()[name]!);
      await second.restore({ ...whole.all(), [name]: fresh });
      [whole, second].forEach((each) => each.run(11, 12));
      expect(await valuesOf(second.all())).not.toEqual(await valuesOf(whole.all()));
      [whole, second].forEach((each) => each.dispose());
      fresh.dispose();
    },
  );

  it('has names by prefix, so that two optimizers fit one record', () => {
    const parameters = { a: constant([1], 0) };
    const [adam, sgd, plain] = [new Adam(parameters), new Sgd(parameters, { momentum: 0.5 }), new Sgd(parameters)];
    expect(Object.keys(adam.state('critic'))).toEqual(['critic/first/a', 'critic/second/a', 'critic/steps']);
    expect(Object.keys(sgd.state())).toEqual(['sgd/velocity/a']);
    expect(plain.state()).toEqual({});
    [adam, sgd, plain].forEach((each) => each.dispose());
    disposeAll(parameters);
  });

  it('is restored whole or not at all', async () => {
    const before = tf.memory().numTensors;
    const each = training(makers.Adam);
    each.run(1, 3);
    const was = await valuesOf(each.all());
    const { 'adam/second/b': _second, ...rest } = each.all();
    await expect(each.restore(rest)).rejects.toThrow(
      "restoring the state of Adam: a tensor is absent; got 'none named adam/second/b'. Did you mean 'adam/second/a'",
    );
    const wrong = tf.zeros([3, 2]);
    await expect(each.optimizer.restore({ ...rest, 'adam/second/b': wrong })).rejects.toThrow(
      "restoring the state of Adam: adam/second/b does not fit; got 'float32 [3, 2]', expected float32 [2, 2].",
    );
    expect(await valuesOf(each.all())).toEqual(was);
    expect(() => restoreVariables('network', { x: each.parameters.a }, {})).toThrow(
      "restoring the state of network: a tensor is absent; got 'none named x'. Give what `state` gave, with the same prefix.",
    );
    wrong.dispose();
    each.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
