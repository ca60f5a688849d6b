import { beforeAll, describe, expect, it } from 'vitest';
import type { Composite } from '../../../../lib/nn/layers/composite.js';
import { transformer } from '../../../../lib/nn/latent-unet/transformer.js';
import { setupEngine } from '../../../../lib/tensor/index.js';
import { largestDifference, relativeTolerance } from '../layers/naive.js';

beforeAll(() => setupEngine());

/** Images of 3 x 2 positions with 8 channels, and a part of them as two tokens of 5: with one, some gradients would be 0. */
function block(rank: number): Composite {
  const sizes = { channels: 8, contextSize: 5, headWidth: 4, groupWidth: 2, rank };
  const made = transformer({ name: 'block', ...sizes, role: 'transformer' });
  return {
    layers: made.layers,
    apply: (tape, x) => made.apply(tape, x, x.slice([0, 0, 0, 0], [-1, 2, 1, 5]).reshape([-1, 2, 5])),
  };
}

describe('the transformer of latents', () => {
  it.each([
    ['without adapters', 0, 1],
    ['with adapters', 2, 1],
    ['with several copies an example', 2, 3],
  ])('gives the gradients of a loop over examples, %s', async (_title, rank, copies) => {
    expect(await largestDifference(block(rank), [3, 3, 2, 8], copies)).toBeLessThan(relativeTolerance);
  });
});
