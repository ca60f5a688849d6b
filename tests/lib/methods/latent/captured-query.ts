import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { DpSgdQuery } from '../../../../lib/mechanisms/dp-sgd/dp-sgd.js';
import type { AnyMethod, FitContext } from '../../../../lib/methods/contract.js';

const stop = new Error('captured');

export const greyShape = { height: 28, width: 28, channels: 1 };
export const facts = { name: 'private', size: 100, classes: ['a', 'b', 'c'], shape: greyShape };
export const publicDataset = {
  name: 'public',
  classes: ['x', 'y'],
  images: { data: new Uint8Array(16 * 784), labels: new Uint8Array(16), count: 16, ...greyShape },
};

/**
 * What a method hands over to be trained by DP-SGD, at smoke scale, its networks as they are before any training. The caller disposes
 * it.
 */
export async function capturedQuery(
  method: AnyMethod,
  params: object = {},
): Promise<{ query: DpSgdQuery; dispose: () => void }> {
  const owned: { dispose(): void }[] = [];
  let query: DpSgdQuery | undefined;
  const mechanisms = {
    dpSgd: (_of: string, given: DpSgdQuery) => {
      query = given;
      return Promise.reject(stop);
    },
  };
  const context = {
    ...{ mechanisms, facts, publicDataset, stream: new SeededStream(1) },
    params: parameterValues(method.id, method.params as never, 'smoke', params as Record<string, unknown>),
    checkpoint: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    onStage: () => Promise.resolve(),
    pretrained: { take: () => Promise.resolve() }, // leaves the weights as they are
    own: <T extends { dispose(): void }>(disposable: T) => (owned.push(disposable), disposable),
  };
  await method.fit(context as unknown as FitContext<never>).catch((error: unknown) => {
    if (error !== stop) throw error;
  });
  return { query: query!, dispose: () => owned.reverse().forEach((each) => each.dispose()) };
}
