import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import { batchNorm } from './batch-norm.js';
import { classifierOf, type Classifier } from './classifier.js';
import { convolution } from './convolution.js';
import { dense } from './dense.js';
import { identity, inSequence, meanOverPositions, relu, sumOf, type Module } from './module.js';
import { halved, projection } from './resnet.js';

export interface ResnextOptions {
  readonly shape: ImageShape;
  readonly classes: number;
  /** Three layers for each block of each of the three stages, and two: 11, 20, 29; what is left over is cut off (28: as 20). */
  readonly depth: number;
  /** Groups of the 3 x 3 convolutions. */
  readonly cardinality: number;
  /** The stages have 1, 2 and 4 times `base * widen` channels, and 3 x 3 convolutions of `cardinality * channels / widen`. */
  readonly widen: number;
  /** Channels of the first convolution. Default 64. */
  readonly base?: number;
  /** 2 computes everything at half the side, at a quarter of the cost: for small relatives. Default 1. */
  readonly firstStride?: 1 | 2;
}

/**
 * ResNeXt for small images (Xie et al. 2017, section 5.2), as the utility protocol of DPImageBench has it: bottlenecks of a 1 x 1,
 * a grouped 3 x 3 and a 1 x 1 convolution. At depth 29, cardinality 8 and widen 4 it is the paper's ResNeXt-29, 8 x 64d with
 * 34.4 million parameters.
 *
 * @throws OptionError when the depth is below 11, or the groups do not divide the channels.
 * @example const network = resnext({ shape, classes: 10, depth: 29, cardinality: 8, widen: 4 });
 */
export function resnext(options: ResnextOptions): Classifier {
  const { shape, classes, depth, cardinality, widen, base = 64, firstStride = 1 } = options;
  check('count', 'resnext', { depth, cardinality, widen, base });
  const blocks = Math.floor((depth - 2) / 9);
  if (blocks < 1)
    throw new OptionError({ asked: 'resnext', wrong: 'the depth makes no block', got: depth, expected: '11 or more' });
  const widths = [1, 2, 4].map((factor) => base * factor * widen);
  const stages = widths.flatMap((outputs, stage) =>
    Array.from({ length: blocks }, (_, block): Module => {
      const name = `stage_${stage + 1}.${block}`;
      const inputs = block > 0 ? outputs : (widths[stage - 1] ?? base);
      const stride = block === 0 && stage > 0 ? 2 : 1;
      return bottleneck({
        name,
        inputs,
        outputs,
        stride,
        cardinality,
        inner: Math.floor((cardinality * outputs) / widen),
      });
    }),
  );
  const last = widths[2]!;
  const features = inSequence(
    convolution({ name: 'conv_1_3x3', inputs: shape.channels, outputs: base, stride: firstStride }), // [batch, height, width, base]
    batchNorm('bn_1', base),
    relu,
    ...stages, // [batch, height / 4, width / 4, last]
    meanOverPositions, // [batch, last]
  );
  const narrow = base === 64 ? '' : `, from ${base} channels`;
  const name = `ResNeXt-${depth} (cardinality ${cardinality}, widen ${widen}${narrow}${halved(firstStride)})`;
  return classifierOf(
    { name, shape, classes },
    features,
    dense({ name: 'classifier', inputs: last, outputs: classes, kernel: 'normal', bias: 'zero' }),
  );
}

interface BottleneckOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: 1 | 2;
  readonly cardinality: number;
  /** Channels of the 3 x 3 convolution. */
  readonly inner: number;
}

function bottleneck({ name, inputs, outputs, stride, cardinality, inner }: BottleneckOptions): Module {
  const main = inSequence(
    convolution({ name: `${name}.conv_reduce`, inputs, outputs: inner, size: 1 }),
    batchNorm(`${name}.bn_reduce`, inner),
    relu,
    convolution({ name: `${name}.conv_conv`, inputs: inner, outputs: inner, stride, groups: cardinality }),
    batchNorm(`${name}.bn`, inner),
    relu,
    convolution({ name: `${name}.conv_expand`, inputs: inner, outputs, size: 1 }),
    batchNorm(`${name}.bn_expand`, outputs),
  );
  const kept = stride === 1 && inputs === outputs;
  return inSequence(sumOf(main, kept ? identity : projection(`${name}.shortcut`, { inputs, outputs, stride })), relu);
}
