import { beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint, SavedState } from '../../../../lib/methods/contract.js';
import { EvolutionCheckpoint } from '../../../../lib/methods/private-evolution/evolution-checkpoint.js';
import type { ImageGenerator } from '../../../../lib/methods/private-evolution/image-generator.js';
import { constant } from '../../../../lib/nn/parameters.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** A checkpoint in memory. */
function inMemory(): Checkpoint {
  let kept: SavedState | undefined;
  const copies = ({ tensors, values }: SavedState): SavedState => ({
    tensors: Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tensor.clone())])),
    values,
  });
  return {
    load: () => Promise.resolve(kept && copies(kept)),
    save: (state) => Promise.resolve(void (kept = copies(state()))),
  };
}

const never = () => Promise.reject(new Error('not asked'));
const generator = (value?: number): ImageGenerator => ({
  ...{ random: never, vary: never },
  ...(value !== undefined && { parameters: { weight: constant([], value) } }),
});
const images = { data: Uint8Array.of(0, 255, 7, 9), count: 2, height: 1, width: 2, channels: 1 };

describe('the checkpoint of an evolution', () => {
  it('gives back images, memory and what the generator has learned', async () => {
    const checkpoint = inMemory();
    const trained = generator(3);
    const begun = new EvolutionCheckpoint(checkpoint, trained);
    expect(await begun.resume()).toBeUndefined();
    const before = tf.memory().numTensors;
    await begun.save(4, { images, memory: Float32Array.of(0.5, -2) });
    expect(tf.memory().numTensors).toBe(before + 3); // those of the checkpoint in memory
    const fresh = generator(0);
    const resumed = await new EvolutionCheckpoint(checkpoint, fresh).resume();
    expect(resumed).toEqual({ iteration: 4, population: { images, memory: Float32Array.of(0.5, -2) } });
    expect([...(await fresh.parameters!['weight']!.data())]).toEqual([3]);
    expect(tf.memory().numTensors).toBe(before + 4); // and the fresh weight
  });

  it('needs no memory and no weights, and leaves the training of a generator alone', async () => {
    const checkpoint = inMemory();
    const plain = new EvolutionCheckpoint(checkpoint, generator());
    await checkpoint.save(() => ({ tensors: {}, values: { stage: 'public', step: 3 } }));
    expect(await plain.resume()).toBeUndefined();
    await plain.save(1, { images, memory: new Float32Array() });
    expect(await plain.resume()).toEqual({ iteration: 1, population: { images, memory: new Float32Array() } });
  });
});
