import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { Checkpoint, Pretraining, SavedState } from '../../../../lib/methods/contract.js';
import { dpLdm } from '../../../../lib/methods/dp-ldm.js';
import { dpLora } from '../../../../lib/methods/dp-lora.js';
import { pretrainLatents } from '../../../../lib/methods/latent/pretrain.js';
import { trainedHere } from '../../../../lib/methods/pretraining/trained-here.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { facts, greyShape } from './captured-query.js';

beforeAll(() => setupEngine());

const params = parameterValues('dp-ldm', dpLdm.params, 'smoke');
const stream = new SeededStream(1);
const publicDataset = {
  name: 'noise',
  classes: ['x', 'y'],
  images: {
    data: Uint8Array.from({ length: 20 * 784 }, () => stream.integer(256)),
    labels: Uint8Array.from({ length: 20 }, (_, i) => i % 2),
    ...{ count: 20, ...greyShape },
  },
};

/** Keeps everything, at every step. */
class Memory implements Checkpoint {
  saved: SavedState | undefined;

  load() {
    if (!this.saved) return Promise.resolve(undefined);
    const { tensors, values } = this.saved;
    return Promise.resolve({ tensors: copies(tensors), values });
  }

  save(state: () => SavedState) {
    const { tensors, values } = state();
    this.dispose();
    this.saved = { tensors: copies(tensors), values };
    return Promise.resolve();
  }

  dispose() {
    tf.dispose((this.saved?.tensors ?? {}) as Record<string, Tensor>);
  }
}

const copies = (tensors: SavedState['tensors']) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));

/** Pre-training in one process, and copies of what it gives. */
async function pretrained(checkpoint: Checkpoint, signal?: AbortSignal): Promise<Record<string, Tensor>> {
  const owned: { dispose(): void }[] = [];
  const own = <T extends { dispose(): void }>(disposable: T) => (owned.push(disposable), disposable);
  const store = trainedHere(checkpoint);
  try {
    const context = { facts, params, publicDataset, pretrained: store, own, ...(signal && { signal }) };
    const { autoencoder, unet } = await pretrainLatents(context);
    return copies({ ...autoencoder, ...unet });
  } finally {
    owned.reverse().forEach((each) => each.dispose());
  }
}

describe('training on public images', () => {
  it('goes on in the stage where it was stopped, with the autoencoder that it had trained', async () => {
    const before = tf.memory().numTensors;
    const [memory, other] = [new Memory(), new Memory()];
    const whole = await pretrained(other);
    const controller = new AbortController();
    const pause = new Memory();
    pause.save = (state) => {
      const { step, stage } = state().values as { step: number; stage: string };
      if (stage !== 'autoencoder' && step === 2) controller.abort(new Error('enough'));
      return memory.save(state);
    };
    pause.load = () => memory.load();
    await expect(pretrained(pause, controller.signal)).rejects.toThrow('enough');
    expect(memory.saved!.values).toEqual({ stage: 'denoiser of latents', step: 2 });
    const resumed = await pretrained(memory);
    for (const [name, tensor] of Object.entries(whole)) {
      const [got, expected] = await Promise.all([resumed[name]!.data(), tensor.data()]);
      const apart = Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)));
      expect(apart, name).toBeLessThan(1e-4); // sums in another order, and Adam's first steps follow signs
    }
    [memory, other].forEach((each) => each.dispose());
    tf.dispose([whole, resumed]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is the same for both methods, and another one for other settings of either stage', async () => {
    const asked = async (method: typeof dpLdm | typeof dpLora, given: object, trained = 0): Promise<string[]> => {
      const owned: { dispose(): void }[] = [];
      const works: Pretraining[] = [];
      await pretrainLatents({
        ...{ facts, publicDataset },
        params: parameterValues('x', method.params, 'smoke', given as Record<string, unknown>),
        pretrained: {
          take: ({ parameters, ...work }) => {
            works.push({ parameters, ...work });
            if (work.of === 'autoencoder' && trained > 0)
              tf.tidy(() => first(parameters).assign(first(parameters).add(trained)));
            return Promise.resolve();
          },
        },
        own: (disposable) => (owned.push(disposable), disposable),
      } as Parameters<typeof pretrainLatents>[0]);
      owned.forEach((each) => each.dispose());
      return works.map(({ of, settings }) => JSON.stringify([of, settings]));
    };
    const first = (parameters: Pretraining['parameters']) => Object.values(parameters)[0]!;
    const [autoencoder, unet] = await asked(dpLdm, {});
    expect(await asked(dpLora, { rank: 3, copies: 5, tokens: 'new', learningRate: 1 })).toEqual([autoencoder, unet]);
    const [equal, onOther] = await asked(dpLdm, {}, 1e-3); // the same training, that came out otherwise
    expect([equal === autoencoder, onOther === unet]).toEqual([true, false]);
    const [same, other] = await asked(dpLdm, { publicSteps: 9 });
    expect([same === autoencoder, other === unet]).toEqual([true, false]);
    for (const given of [{ klWeight: 1 }, { autoencoderSteps: 9 }, { publicSeed: 9 }, { precision: 'bfloat16' }]) {
      const [another, onIt] = await asked(dpLdm, given);
      expect([another === autoencoder, onIt === unet], JSON.stringify(given)).toEqual([false, false]);
    }
  });
});
