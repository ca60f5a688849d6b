import { conv2d } from '../../../lib/nn/layers/conv2d.js';
import { groupNorm } from '../../../lib/nn/layers/group-norm.js';
import type { Layer } from '../../../lib/nn/layers/layer.js';
import type { ExampleLosses } from '../../../lib/nn/tape.js';
import type { Tensor4D } from '../../../lib/tensor/index.js';

export interface NetSize {
  readonly batch: number;
  readonly width: number;
  readonly blocks: number;
  readonly side: number;
}

/** The size that is compared with other programs. */
export const compared: NetSize = { batch: 64, width: 64, blocks: 6, side: 28 };

export interface Net {
  readonly layers: readonly Layer[];
  /** Mean squared error of each image `[batch, side, side, 1]` against its target of the same shape. */
  readonly losses: ExampleLosses;
}

/**
 * The net of dp_sgd_peer.py, layer by layer: a convolution, residual blocks of group normalisation in 16 groups, SiLU and a
 * convolution, and a convolution to one channel.
 */
export function benchNet({ width, blocks }: Pick<NetSize, 'width' | 'blocks'>): Net {
  const first = conv2d({ name: 'first', inputs: 1, outputs: width });
  const inner = Array.from({ length: blocks }, (_, i) => ({
    norm: groupNorm({ name: `blocks.${i}.norm`, channels: width, groups: Math.min(16, width), silu: true }),
    conv: conv2d({ name: `blocks.${i}.conv`, inputs: width, outputs: width }),
  }));
  const last = conv2d({ name: 'last', inputs: width, outputs: 1 });
  const losses: ExampleLosses = (tape, x, y) => {
    let h = tape.use(first, x);
    for (const { norm, conv } of inner) h = h.add(tape.use(conv, tape.use(norm, h)));
    const difference = tape.use(last, h).sub(y!) as Tensor4D;
    return difference.square().mean([1, 2, 3]);
  };
  return { layers: [first, ...inner.flatMap(({ norm, conv }) => [norm, conv]), last], losses };
}
