import { check } from '../../core/check.js';
import type { ImageShape } from '../../core/images.js';
import { batchNorm } from './batch-norm.js';
import { classifierOf, type Classifier } from './classifier.js';
import { convolution } from './convolution.js';
import { dense } from './dense.js';
import { identity, inSequence, meanOverPositions, relu, sumOf, type Module } from './module.js';
import { projection } from './resnet.js';

export interface BottleneckResnetOptions {
  readonly shape: ImageShape;
  readonly classes: number;
  /** Blocks of each stage. Default 3, 4, 6, 3: ResNet-50. */
  readonly blocks?: readonly number[];
  /** Channels of the first convolution and inside the blocks of the first stage; they double from stage to stage. Default 64. */
  readonly width?: number;
}

/** Channels that leave a block, in those inside it. */
const expansion = 4;

/**
 * The residual network with bottleneck blocks (He et al. 2016, "Deep residual learning", table 1) as it is used for small images:
 * a 3 x 3 convolution of stride 1 and no pooling at the beginning, so that 32 x 32 pixels end as 4 x 4. ResNet-50 has
 * 23,520,842 parameters with 10 classes, 25,549,352 with 1,000.
 *
 * @throws OptionError for sizes that are no whole numbers above 0.
 * @example const network = bottleneckResnet({ shape: { height: 32, width: 32, channels: 3 }, classes: 1000 });
 */
export function bottleneckResnet(options: BottleneckResnetOptions): Classifier {
  const { shape, classes, blocks = [3, 4, 6, 3], width = 64 } = options;
  check('count', 'bottleneckResnet', { classes, width, stages: blocks.length });
  let inputs = width;
  const stages = blocks.flatMap((count, stage) => {
    check('count', 'bottleneckResnet', { blocks: count });
    return Array.from({ length: count }, (_, block): Module => {
      const inner = width * 2 ** stage;
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const module = bottleneck({ name: `layer${stage + 1}.${block}`, inputs, inner, stride });
      inputs = expansion * inner;
      return module;
    });
  });
  const features = inSequence(
    convolution({ name: 'conv1', inputs: shape.channels, outputs: width }), // [batch, height, width, width]
    batchNorm('bn1', width),
    relu,
    ...stages, // [batch, height / 8, width / 8, 32 width] with four stages
    meanOverPositions, // [batch, 32 width]
  );
  const layers = 3 * blocks.reduce((sum, count) => sum + count, 0) + 2;
  const name = `ResNet-${layers} (bottlenecks ${blocks.join(', ')}, from ${width} channels)`;
  return classifierOf({ name, shape, classes }, features, dense({ name: 'linear', inputs, outputs: classes }));
}

interface BottleneckOptions {
  readonly name: string;
  readonly inputs: number;
  /** Channels of the 3 x 3 convolution. */
  readonly inner: number;
  readonly stride: 1 | 2;
}

function bottleneck({ name, inputs, inner, stride }: BottleneckOptions): Module {
  const outputs = expansion * inner;
  const main = inSequence(
    convolution({ name: `${name}.conv1`, inputs, outputs: inner, size: 1 }),
    batchNorm(`${name}.bn1`, inner),
    relu,
    convolution({ name: `${name}.conv2`, inputs: inner, outputs: inner, stride }),
    batchNorm(`${name}.bn2`, inner),
    relu,
    convolution({ name: `${name}.conv3`, inputs: inner, outputs, size: 1 }),
    batchNorm(`${name}.bn3`, outputs),
  );
  const kept = stride === 1 && inputs === outputs;
  return inSequence(sumOf(main, kept ? identity : projection(`${name}.shortcut`, { inputs, outputs, stride })), relu);
}
