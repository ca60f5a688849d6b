import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import type { DpSgdQuery } from '../../../../lib/mechanisms/dp-sgd/dp-sgd.js';
import type { AnyMethod, FitContext } from '../../../../lib/methods/contract.js';
import { dpLdm } from '../../../../lib/methods/dp-ldm.js';
import { dpLora } from '../../../../lib/methods/dp-lora.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { normal } from '../../nn/layers/naive.js';
import { largest } from '../../nn/latent-diffusion/looped-gradients.js';
import { capturedQuery, facts, publicDataset } from './captured-query.js';

beforeAll(() => setupEngine());

/** A fit whose private gradients are noise alone: names of the weights that changed meanwhile, and of those that may. */
async function tuneOnNoise(method: AnyMethod): Promise<{ changed: string[]; trained: readonly string[] }> {
  const owned: { dispose(): void }[] = [];
  let query: DpSgdQuery;
  let before: Record<string, readonly number[]> = {};
  const values = async () => {
    const all = Object.entries(query.parameters).map(async ([name, tensor]) => [name, [...(await tensor.data())]] as const); // prettier-ignore
    return Object.fromEntries(await Promise.all(all));
  };
  const training = {
    ...{ step: 0, steps: 2, dispose: () => undefined },
    next() {
      this.step++;
      const noise = query.trained!.map((name) => [name, normal(query.parameters[name]!.shape, name)] as const);
      return Promise.resolve(Object.fromEntries(noise));
    },
  };
  const mechanisms = {
    dpSgd: async (_of: string, given: DpSgdQuery) => {
      query = given;
      before = await values();
      return training;
    },
  };
  const checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  const context = {
    ...{ mechanisms, facts, publicDataset, checkpoint, stream: new SeededStream(1) },
    params: parameterValues(method.id, method.params as never, 'smoke'),
    pretrained: { take: () => Promise.resolve() }, // leaves the weights as they are
    onSnapshot: () => Promise.resolve(),
    onStage: () => Promise.resolve(),
    own: <T extends { dispose(): void }>(disposable: T) => (owned.push(disposable), disposable),
  };
  await method.fit(context as unknown as FitContext<never>);
  const after = await values();
  const changed = Object.keys(after).filter((name) => after[name]!.some((value, i) => value !== before[name]![i]));
  owned.reverse().forEach((each) => each.dispose());
  return { changed, trained: query!.trained! };
}

describe.each([dpLdm, dpLora])('private training by $id', (method: AnyMethod) => {
  it('changes what it trains and nothing else: no gradient, noise or decay falls on frozen weights', async () => {
    const before = tf.memory().numTensors;
    const { changed, trained } = await tuneOnNoise(method);
    expect(changed.sort()).toEqual([...trained].sort());
    const roles =
      method === dpLdm ? /^label\.table$|\.attention\./ : /^label\.table$|\.attention\..*\.(up|down)\.kernel$/;
    expect(changed.every((name) => roles.test(name))).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('at first A has no gradient, as B is 0, and B has one', async () => {
  const { query, dispose } = await capturedQuery(dpLora, { copies: 2 });
  const { losses, parameters, trained, draws } = query;
  // A public model that guesses something.
  for (const name of Object.keys(parameters).filter((name) => /\.(out|conv1|conv)\.kernel$/.test(name)))
    tf.tidy(() => parameters[name]!.assign(normal(parameters[name]!.shape, name, 0.2)));
  const gradient = new ClippedGradient({ losses, parameters, ...(trained && { trained }), clipNorm: 1, microBatch: 2 });
  const inputs = tf.tidy(() => [
    normal([2, 28, 28, 1], 'images').sigmoid(),
    tf.oneHot([0, 1], 3).toFloat(),
    ...draws!(2, new SeededStream(1)),
  ]);
  const sums = await gradient.at(inputs);
  for (const [name, sum] of Object.entries(sums)) {
    const size = await largest(sum);
    if (name.endsWith('.down.kernel') || /\.class\.(query|key)\./.test(name)) expect(size, name).toBe(0);
    else expect(size, name).toBeGreaterThan(1e-6);
  }
  gradient.dispose();
  tf.dispose([inputs, sums]);
  dispose();
});
