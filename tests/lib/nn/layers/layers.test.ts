import { beforeAll, describe, expect, it } from 'vitest';
import { bias } from '../../../../lib/nn/layers/bias.js';
import { conv2d } from '../../../../lib/nn/layers/conv2d.js';
import { single, type Composite } from '../../../../lib/nn/layers/composite.js';
import { conv2dTranspose } from '../../../../lib/nn/layers/conv2d-transpose.js';
import { crossAttention, type CrossAttention } from '../../../../lib/nn/layers/cross-attention.js';
import { dense, type DenseOptions } from '../../../../lib/nn/layers/dense.js';
import { embedding } from '../../../../lib/nn/layers/embedding.js';
import { groupNorm } from '../../../../lib/nn/layers/group-norm.js';
import { layerNorm } from '../../../../lib/nn/layers/layer-norm.js';
import type { Layer } from '../../../../lib/nn/layers/layer.js';
import { lowRank } from '../../../../lib/nn/layers/low-rank.js';
import { downsample, upsample } from '../../../../lib/nn/layers/resample.js';
import { selfAttention } from '../../../../lib/nn/layers/self-attention.js';
import { scale } from '../../../../lib/nn/layers/scale.js';
import { setupEngine } from '../../../../lib/tensor/index.js';
import { largestDifference, relativeTolerance } from './naive.js';

beforeAll(() => setupEngine());

const name = 'layer';

/** The last three positions, without their last two values, as the context of the others. */
const withContext = (attention: CrossAttention): Composite => ({
  layers: attention.layers,
  apply: (tape, x) => attention.apply(tape, x.slice([0, 0, 0], [-1, 4, 6]), x.slice([0, 4, 0], [-1, 3, 4])),
});

/** A bias of all keys moves all scores of a query alike: its gradient is 0, and nothing to compare with. */
const withoutKeyBias = (options: DenseOptions) => single(dense({ ...options, bias: !options.name.endsWith('key') }));

const [before, large, small] = ['before', 'large', 'small'].map((place) =>
  conv2d({ name: place, inputs: 2, outputs: 2 }),
) as [Layer, Layer, Layer];
const resampled: Composite = {
  layers: [before, large, small],
  apply: (tape, x) => {
    const first = tape.use(before, x);
    return upsample(tape.use(small, downsample(first).tanh())).add(downsample(tape.use(large, upsample(first)).tanh()));
  },
};

describe('layers give the gradients of a loop over examples, by themselves and recorded', () => {
  it.each([
    ['dense, one position', dense({ name, inputs: 7, outputs: 5 }), [4, 7]],
    ['dense, no bias, one example', dense({ name, inputs: 3, outputs: 2, bias: false }), [1, 3]],
    ['dense, few positions (ghost norm)', dense({ name, inputs: 16, outputs: 12 }), [3, 6, 16]],
    ['dense, many positions', dense({ name, inputs: 2, outputs: 3 }), [3, 8, 9, 2]],
    ['conv2d 3 x 3, few inputs', conv2d({ name, inputs: 2, outputs: 3 }), [3, 16, 13, 2]],
    ['conv2d 3 x 3, few outputs', conv2d({ name, inputs: 9, outputs: 2 }), [2, 28, 27, 9]],
    ['conv2d 3 x 3, few outputs, ghost norm', conv2d({ name, inputs: 9, outputs: 2 }), [2, 4, 4, 9]],
    ['conv2d 3 x 3, a product a place', conv2d({ name, inputs: 8, outputs: 9 }), [2, 28, 25, 8]],
    ['conv2d 5 x 5, an op an example', conv2d({ name, inputs: 32, outputs: 50, size: 5 }), [2, 20, 25, 32]],
    [
      'conv2d 4 x 4, stride 3, op an example',
      conv2d({ name, inputs: 70, outputs: 60, size: 4, stride: 3 }),
      [2, 60, 61, 70],
    ],
    ['conv2d 5 x 5, a product a place', conv2d({ name, inputs: 16, outputs: 8, size: 5 }), [2, 20, 30, 16]],
    ['conv2d 4 x 4, a product a place', conv2d({ name, inputs: 8, outputs: 16, size: 4 }), [2, 30, 20, 8]],
    ['conv2d 3 x 3, a product a place, stride 2', conv2d({ name, inputs: 8, outputs: 8, stride: 2 }), [2, 45, 48, 8]],
    ['conv2d 3 x 3, ghost norm', conv2d({ name, inputs: 9, outputs: 10 }), [3, 4, 4, 9]],
    ['conv2d 3 x 3, stride 2, even side', conv2d({ name, inputs: 2, outputs: 3, stride: 2 }), [2, 28, 26, 2]],
    ['conv2d 3 x 3, stride 2, odd side', conv2d({ name, inputs: 2, outputs: 3, stride: 2 }), [2, 27, 29, 2]],
    ['conv2d 5 x 5, stride 3', conv2d({ name, inputs: 3, outputs: 4, size: 5, stride: 3 }), [2, 11, 10, 3]],
    ['conv2d 5 x 5, no bias', conv2d({ name, inputs: 1, outputs: 2, size: 5, bias: false }), [2, 12, 12, 1]],
    ['conv2d 5 x 5, few outputs', conv2d({ name, inputs: 4, outputs: 3, size: 5 }), [2, 13, 12, 4]],
    ['conv2d 1 x 1', conv2d({ name, inputs: 9, outputs: 8, size: 1 }), [2, 9, 9, 9]],
    ['conv2d 1 x 1, stride 2', conv2d({ name, inputs: 4, outputs: 3, size: 1, stride: 2 }), [2, 6, 5, 4]],
    ['conv2d 3 x 3, images smaller than the kernel', conv2d({ name, inputs: 2, outputs: 9 }), [2, 1, 2, 2]],
    ['conv2d 4 x 4, stride 2', conv2d({ name, inputs: 3, outputs: 4, size: 4, stride: 2 }), [2, 9, 8, 3]],
    ['conv2d 4 x 4, few outputs', conv2d({ name, inputs: 9, outputs: 2, size: 4 }), [2, 9, 8, 9]],
    ['conv2dTranspose 3 x 3', conv2dTranspose({ name, inputs: 5, outputs: 3 }), [2, 7, 6, 5]],
    ['conv2dTranspose 3 x 3, ghost norm', conv2dTranspose({ name, inputs: 10, outputs: 9 }), [2, 3, 3, 10]],
    ['conv2dTranspose 4 x 4', conv2dTranspose({ name, inputs: 9, outputs: 8, size: 4 }), [2, 24, 22, 9]],
    ['conv2dTranspose 5 x 5', conv2dTranspose({ name, inputs: 2, outputs: 1, size: 5, bias: false }), [2, 7, 7, 2]],
    ['conv2dTranspose 2 x 2', conv2dTranspose({ name, inputs: 3, outputs: 4, size: 2 }), [2, 5, 6, 3]],
    ['conv2dTranspose, stride 3', conv2dTranspose({ name, inputs: 3, outputs: 4, size: 5, stride: 3 }), [2, 5, 4, 3]],
    ['conv2dTranspose, stride 1', conv2dTranspose({ name, inputs: 2, outputs: 9, stride: 1 }), [2, 13, 12, 2]],
    ['low rank', lowRank({ name, inputs: 9, outputs: 7, rank: 2, scale: 0.5 }), [3, 9]],
    ['low rank, images', lowRank({ name, inputs: 5, outputs: 6, rank: 3, bias: false }), [3, 9, 8, 5]],
    ['selfAttention, two heads', selfAttention({ name, size: 8, heads: 2 }), [3, 5, 8]],
    ['selfAttention, more positions', selfAttention({ name, size: 6 }), [2, 30, 6]],
    [
      'crossAttention',
      withContext(crossAttention({ name, size: 6, contextSize: 4, heads: 2, map: withoutKeyBias })),
      [3, 7, 6],
    ],
    [
      'crossAttention with adapters',
      withContext(
        crossAttention({ name, size: 6, contextSize: 4, bias: false, map: (o) => lowRank({ ...o, rank: 2 }) }),
      ),
      [3, 7, 6],
    ],
    ['upsample and downsample', resampled, [3, 4, 6, 2]],
    ['groupNorm', groupNorm({ name, channels: 8, groups: 4 }), [3, 6, 5, 8]],
    ['groupNorm and SiLU', groupNorm({ name, channels: 6, groups: 2, silu: true }), [4, 5, 5, 6]],
    ['groupNorm, one group, sequence', groupNorm({ name, channels: 6, groups: 1, silu: true }), [2, 7, 6]],
    ['layerNorm', layerNorm({ name, size: 9 }), [3, 5, 9]],
    ['layerNorm of vectors', layerNorm({ name, size: 9 }), [3, 9]],
    ['bias', bias({ name, shape: [5] }), [3, 4, 4, 5]],
    ['bias, positions', bias({ name, shape: [4, 5] }), [3, 4, 5]],
    ['scale', scale({ name }), [3, 4, 5]],
    ['embedding', embedding({ name, count: 10, size: 4 }), [5, 10]],
    ['embedding of sequences', embedding({ name, count: 10, size: 4 }), [3, 6, 10]],
  ])('%s', async (_title, layer, inputShape) => {
    for (const copies of [1, 2, 8]) {
      const difference = await largestDifference(layer, inputShape, copies);
      expect(difference, `${copies} copies`).toBeLessThan(relativeTolerance);
    }
  });
});
