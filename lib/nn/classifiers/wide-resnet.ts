import { check } from '../../core/check.js';
import type { ImageShape } from '../../core/images.js';
import { batchNorm } from './batch-norm.js';
import { classifierOf, type Classifier } from './classifier.js';
import { convolution } from './convolution.js';
import { dense } from './dense.js';
import { dropout } from './dropout.js';
import { identity, inSequence, meanOverPositions, relu, sumOf, type Module } from './module.js';
import { blocksPerStage, halved } from './resnet.js';

export interface WideResnetOptions {
  readonly shape: ImageShape;
  readonly classes: number;
  /** 6 n + 4 for n blocks a stage: 10, 16, 22, 28, 34, 40. */
  readonly depth: number;
  /** How much wider than `base`, 2 `base` and 4 `base` channels the stages are. */
  readonly widen: number;
  /** Between the two convolutions of a block: at least 0, below 1. Default 0. */
  readonly dropout?: number;
  /** Channels of the first convolution. Default 16. */
  readonly base?: number;
  /** 2 computes everything at half the side, at a quarter of the cost: for small relatives. Default 1. */
  readonly firstStride?: 1 | 2;
}

/**
 * The wide residual network WRN-depth-widen (Zagoruyko and Komodakis 2016): norm and ReLU stand before each convolution, and a
 * block that changes the number of channels has a bare 1 x 1 convolution as its shortcut. 8.95 million parameters for
 * WRN-40-4.
 *
 * @throws OptionError when the depth is not 6 n + 4, or the dropout is no probability.
 * @example const network = wideResnet({ shape, classes: 10, depth: 40, widen: 4, dropout: 0.3 });
 */
export function wideResnet(options: WideResnetOptions): Classifier {
  const { shape, classes, depth, widen, dropout: rate = 0, base = 16, firstStride = 1 } = options;
  check('count', 'wideResnet', { widen, base });
  const blocks = blocksPerStage('wideResnet', depth, { each: 6, rest: 4 });
  const widths = [1, 2, 4].map((factor) => base * factor * widen);
  const stages = widths.flatMap((outputs, stage) =>
    Array.from({ length: blocks }, (_, block): Module => {
      const name = `block${stage + 1}.${block}`;
      const inputs = block > 0 ? outputs : (widths[stage - 1] ?? base);
      const stride = block === 0 && stage > 0 ? 2 : 1;
      return preActivationBlock({ name, inputs, outputs, stride, rate, place: stage * blocks + block });
    }),
  );
  const last = widths[2]!;
  const features = inSequence(
    convolution({ name: 'conv1', inputs: shape.channels, outputs: base, stride: firstStride }), // [batch, height, width, base]
    ...stages, // [batch, height / 4, width / 4, last]
    batchNorm('bn1', last),
    relu,
    meanOverPositions, // [batch, last]
  );
  const narrow = base === 16 ? '' : `, from ${base} channels`;
  const name = `WRN-${depth}-${widen} (dropout ${rate}${narrow}${halved(firstStride)})`;
  return classifierOf(
    { name, shape, classes },
    features,
    dense({ name: 'fc', inputs: last, outputs: classes, bias: 'zero' }),
  );
}

interface BlockOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: 1 | 2;
  readonly rate: number;
  readonly place: number;
}

function preActivationBlock({ name, inputs, outputs, stride, rate, place }: BlockOptions): Module {
  const activation = inSequence(batchNorm(`${name}.bn1`, inputs), relu);
  const main = inSequence(
    convolution({ name: `${name}.conv1`, inputs, outputs, stride }),
    batchNorm(`${name}.bn2`, outputs),
    relu,
    ...(rate === 0 ? [] : [dropout({ rate, place })]),
    convolution({ name: `${name}.conv2`, inputs: outputs, outputs }),
  );
  if (stride === 1 && inputs === outputs) return sumOf(inSequence(activation, main), identity);
  return inSequence(
    activation,
    sumOf(main, convolution({ name: `${name}.shortcut`, inputs, outputs, size: 1, stride })),
  );
}
