import type { Tensor } from '../../tensor/index.js';
import type { Composite } from '../layers/composite.js';
import { conv2d } from '../layers/conv2d.js';
import { upsample } from '../layers/resample.js';
import { selfAttention } from '../layers/self-attention.js';
import type { Tape } from '../tape.js';
import { latentNorm, residualBlock } from './residual-block.js';

/** Of the norms of the autoencoder. */
export const epsilon = 1e-6;

export interface StageOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly groupWidth: number;
}

/** Blocks of one level one after the other, each with attention behind it where the level has it. */
export function level(options: StageOptions & { readonly blocks: number; readonly attends: boolean }): Composite {
  const { name, inputs, outputs, groupWidth, blocks, attends } = options;
  const parts = Array.from({ length: blocks }, (_, i) => {
    const block = { name: `${name}.block${i}`, inputs: i === 0 ? inputs : outputs, outputs, groupWidth };
    const attention = attends ? [attentionBlock(`${block.name}.attention`, outputs, groupWidth)] : [];
    return [plainBlock(block), ...attention];
  });
  return inTurn(parts.flat());
}

/** A block, attention with one head over all positions, a block. */
export function middle({ name, channels, groupWidth }: { name: string; channels: number; groupWidth: number }) {
  const block = (place: string) =>
    plainBlock({ name: `${name}.${place}`, inputs: channels, outputs: channels, groupWidth });
  return inTurn([block('first'), attentionBlock(`${name}.attention`, channels, groupWidth), block('second')]);
}

/** Half as high and wide by a convolution with stride 2, whose zeros are at the bottom and at the right only. */
export function halve(name: string, channels: number): Composite {
  // TensorFlow's padding for even sides.
  return ofLayers(conv2d({ name, inputs: channels, outputs: channels, stride: 2 }));
}

/** Twice as high and wide, each value four times, then a convolution. */
export function double(name: string, channels: number): Composite {
  const layer = conv2d({ name, inputs: channels, outputs: channels });
  return { layers: [layer], apply: (tape, x) => tape.use(layer, upsample(x)) };
}

/** The end of both halves: norm, SiLU, convolution. */
export function out({ name, inputs, outputs, groupWidth }: StageOptions): Composite {
  const norm = latentNorm({ name: `${name}.norm`, channels: inputs, groupWidth, epsilon, silu: true });
  return ofLayers(norm, conv2d({ name: `${name}.conv`, inputs, outputs }));
}

export function ofLayers(...layers: Composite['layers'][number][]): Composite {
  return { layers, apply: (tape, x) => layers.reduce((h, layer) => tape.use(layer, h), x) };
}

export function inTurn(parts: readonly Composite[]): Composite {
  return {
    layers: parts.flatMap(({ layers }) => layers),
    apply: (tape, x) => parts.reduce((h, part) => part.apply(tape, h), x),
  };
}

function plainBlock(options: StageOptions): Composite {
  const block = residualBlock({ ...options, epsilon });
  return { layers: block.layers, apply: (tape: Tape, x: Tensor) => block.apply(tape, x) };
}

function attentionBlock(name: string, channels: number, groupWidth: number): Composite {
  const norm = latentNorm({ name: `${name}.norm`, channels, groupWidth, epsilon });
  const attention = selfAttention({ name, size: channels });
  return {
    layers: [norm, ...attention.layers],
    apply: (tape, x) => {
      const positions = tape.use(norm, x).reshape([x.shape[0]!, -1, channels]);
      return x.add(attention.apply(tape, positions).reshape(x.shape));
    },
  };
}
