import { beforeAll, describe, expect, it } from 'vitest';
import { pretrainedFacts, pretrainedKey } from '../../../lib/bench/pretrained/pretrained-key.js';
import { parameterValues, type Scale } from '../../../lib/core/options.js';
import { SecureStream, SeededStream } from '../../../lib/core/rng.js';
import { Mechanisms, Sensitive } from '../../../lib/mechanisms/index.js';
import type { AnyMethod, FitContext, Pretraining } from '../../../lib/methods/contract.js';
import { dpLdmSd } from '../../../lib/methods/dp-ldm-sd.js';
import { pdpDiffusion } from '../../../lib/methods/pdp-diffusion.js';
import { Ledger } from '../../../lib/privacy/index.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { facts, publicDataset } from './latent/captured-query.js';

beforeAll(() => setupEngine());

const side = (length: number, channels: number) => ({ height: length, width: length, channels });

// Counts of DPImageBench's released configurations, whose label table has 1,000 rows.
it.each([
  [side(28, 1), 119_648],
  [side(32, 3), 317_856],
  [side(64, 3), 367_776],
  [side(128, 3), 367_776],
])('trains as many values as the reference: %j', (shape, expected) => {
  const params = parameterValues('dp-ldm-sd', dpLdmSd.params, 'paper', {});
  const classes = Array.from({ length: 1000 }, (_, i) => String(i));
  expect(dpLdmSd.summary!.noisedValues(params, { name: 'images', size: 1000, classes, shape })).toBe(expected);
});

/** What a fit or a pre-training gets, and the networks that it trains on public images. */
function contextOf(method: AnyMethod, scale: Scale, owned: { dispose(): void }[]) {
  const taken: Pretraining[] = [];
  const context = {
    ...{ facts, publicDataset, stream: new SeededStream(1) },
    params: parameterValues(method.id, method.params as never, scale),
    checkpoint: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    onStage: () => Promise.resolve(),
    onSnapshot: () => Promise.resolve(),
    pretrained: { take: (pretraining: Pretraining) => (taken.push(pretraining), Promise.resolve()) }, // trains nothing
    own: <T extends { dispose(): void }>(disposable: T) => (owned.push(disposable), disposable),
  };
  return { taken, context: context as unknown as FitContext<never> };
}

it.each(['smoke', 'laptop'] as const)('shares its public model with PDP-Diffusion at scale %s', async (scale) => {
  const owned: { dispose(): void }[] = [];
  const keyOf = async (method: AnyMethod) => {
    const { taken, context } = contextOf(method, scale, owned);
    await method.pretrain!(context);
    return taken.map((each) => pretrainedKey(each, pretrainedFacts(each)));
  };
  const keys = await keyOf(dpLdmSd);
  expect(keys).toHaveLength(1);
  expect(await keyOf(pdpDiffusion)).toEqual(keys);
  owned.forEach((each) => each.dispose());
});

describe('private training', { timeout: 60_000 }, () => {
  it('changes each tuned tensor and leaves the bits of all others', async () => {
    const before = tf.memory().numTensors;
    const owned: { dispose(): void }[] = [];
    const { taken, context } = contextOf(dpLdmSd, 'smoke', owned);
    const rows = { data: new Uint8Array(20 * 784).fill(99), labels: new Uint8Array(20), count: 20, ...facts.shape };
    const few = { ...facts, size: 20 };
    const mechanisms = new Mechanisms({
      sensitive: Sensitive.seal(rows, few),
      plan: dpLdmSd.spends(context.params, few),
      noiseMultiplier: 1,
      ledger: new Ledger({ delta: 1e-5, accountant: 'rdp' }),
      noise: new SecureStream(1),
    });
    let first: Record<string, string> | undefined;
    const bits = async () => {
      const all = Object.entries(taken[0]!.parameters).map(
        async ([name, tensor]) => [name, Buffer.from((await tensor.data()).slice().buffer).toString('hex')] as const,
      );
      return Object.fromEntries(await Promise.all(all));
    };
    const pretrained = {
      take: async (pretraining: Pretraining) => {
        await context.pretrained.take(pretraining);
        first = await bits();
      },
    };
    await dpLdmSd.fit({ ...(context as object), mechanisms, facts: few, pretrained } as never);
    const after = await bits();
    const changed = Object.keys(after).filter((name) => after[name] !== first![name]);
    const tuned = /^(label|condition0|condition1|stem)\.|\.attention\.(project|out)\./;
    expect(changed).toEqual(Object.keys(after).filter((name) => tuned.test(name)));
    expect(changed).toHaveLength(19);
    expect(Object.keys(after).length).toBeGreaterThan(2 * 19);
    owned.reverse().forEach((each) => each.dispose());
    expect(tf.memory().numTensors).toBe(before);
  });
});
