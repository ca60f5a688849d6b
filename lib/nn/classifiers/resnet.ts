import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import { tf, type Tensor4D } from '../../tensor/index.js';
import { batchNorm } from './batch-norm.js';
import { classifierOf, type Classifier, type InputScaling } from './classifier.js';
import { convolution } from './convolution.js';
import { dense } from './dense.js';
import { everySecondPixel } from './every-second-pixel.js';
import { identity, inSequence, meanOverPositions, relu, sumOf, type Module } from './module.js';

export interface ResnetOptions {
  readonly shape: ImageShape;
  readonly classes: number;
  /** 6 n + 2 for n blocks a stage: 8, 14, 20, …, 110, …, 164. */
  readonly depth: number;
  /** Channels of the three stages. Default 16, 32, 64. */
  readonly widths?: readonly [number, number, number];
  /** Where a block changes the shape: a 1 x 1 convolution and a norm (default), or every second pixel with zeros as new channels. */
  readonly shortcut?: 'convolution' | 'pad';
  /** 2 computes everything at half the side, at a quarter of the cost: for small relatives. Default 1. */
  readonly firstStride?: 1 | 2;
  readonly scaling?: InputScaling;
}

/**
 * The residual network for small images (He et al. 2016, "Deep residual learning", section 4.2): a convolution, three stages of
 * basic blocks at full, half and a quarter of the side, the mean over positions, a dense layer. `pad` is the paper's option A.
 * 1.73 million parameters at depth 110.
 *
 * @throws OptionError when the depth is not 6 n + 2, or widths do not fit the shortcut.
 * @example const network = resnet({ shape, classes: 10, depth: 20 });
 */
export function resnet(options: ResnetOptions): Classifier {
  const { shape, classes, depth, widths = [16, 32, 64], shortcut = 'convolution', firstStride = 1, scaling } = options;
  const blocks = blocksPerStage('resnet', depth, { each: 6, rest: 2 });
  const stages = widths.flatMap((outputs, stage) =>
    Array.from({ length: blocks }, (_, block): Module => {
      const name = `layer${stage + 1}.${block}`;
      const inputs = block > 0 ? outputs : widths[Math.max(0, stage - 1)]!;
      const stride = block === 0 && stage > 0 ? 2 : 1;
      return basicBlock({ name, inputs, outputs, stride, shortcut });
    }),
  );
  const features = inSequence(
    convolution({ name: 'conv1', inputs: shape.channels, outputs: widths[0], stride: firstStride }), // [batch, height, width, widths 0]
    batchNorm('bn1', widths[0]),
    relu,
    ...stages, // [batch, height / 4, width / 4, widths 2]
    meanOverPositions, // [batch, widths 2]
  );
  const name = `ResNet-${depth} (${widths.join(', ')}${halved(firstStride)})`;
  return classifierOf(
    { name, shape, classes, scaling },
    features,
    dense({ name: 'linear', inputs: widths[2], outputs: classes }),
  );
}

/** For names. */
export const halved = (firstStride: 1 | 2): string => (firstStride === 1 ? '' : ', at half the side');

interface BlockOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: 1 | 2;
  readonly shortcut: 'convolution' | 'pad';
}

function basicBlock({ name, inputs, outputs, stride, shortcut }: BlockOptions): Module {
  const main = inSequence(
    convolution({ name: `${name}.conv1`, inputs, outputs, stride }),
    batchNorm(`${name}.bn1`, outputs),
    relu,
    convolution({ name: `${name}.conv2`, inputs: outputs, outputs }),
    batchNorm(`${name}.bn2`, outputs),
  );
  const kept = stride === 1 && inputs === outputs;
  const other =
    shortcut === 'pad' ? padded(inputs, outputs, stride) : projection(`${name}.shortcut`, { inputs, outputs, stride });
  return inSequence(sumOf(main, kept ? identity : other), relu);
}

/** A 1 x 1 convolution with a norm: a shortcut between different shapes. */
export function projection(
  name: string,
  { inputs, outputs, stride }: Pick<BlockOptions, 'inputs' | 'outputs' | 'stride'>,
): Module {
  return inSequence(
    convolution({ name: `${name}.0`, inputs, outputs, size: 1, stride }),
    batchNorm(`${name}.1`, outputs),
  );
}

/** Every second pixel, with zeros as half of the new channels before and after the old ones. */
function padded(inputs: number, outputs: number, stride: 1 | 2): Module {
  const added = (outputs - inputs) / 2;
  if (!Number.isInteger(added) || added < 0)
    throw new OptionError({
      asked: 'resnet',
      wrong: "the shortcut 'pad' cannot add these channels, as many before as after",
      got: [inputs, outputs],
      expected: 'widths that grow by an even number',
      next: "Use the shortcut 'convolution'.",
    });
  return {
    parameters: {},
    statistics: {},
    apply: (input) => {
      const taken = stride === 1 ? (input as Tensor4D) : everySecondPixel(input as Tensor4D);
      return tf.pad(taken, [
        [0, 0],
        [0, 0],
        [0, 0],
        [added, added],
      ]);
    },
  };
}

/** Blocks in each of three stages of a network with so many layers, of which `rest` are in no block. */
export function blocksPerStage(
  asked: string,
  depth: number,
  { each, rest }: { readonly each: number; readonly rest: number },
): number {
  check('count', asked, { depth });
  const blocks = (depth - rest) / each;
  if (Number.isInteger(blocks) && blocks > 0) return blocks;
  const nearest = Math.max(1, Math.round(blocks)) * each + rest;
  throw new OptionError({
    asked,
    wrong: 'the depth does not make whole blocks',
    got: depth,
    expected: `${each} n + ${rest}, as ${nearest}`,
  });
}
