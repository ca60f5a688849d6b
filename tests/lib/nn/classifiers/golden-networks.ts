import { readFileSync } from 'node:fs';
import { bottleneckResnet } from '../../../../lib/nn/classifiers/bottleneck-resnet.js';
import type { Classifier } from '../../../../lib/nn/classifiers/classifier.js';
import { resnet } from '../../../../lib/nn/classifiers/resnet.js';
import { resnext } from '../../../../lib/nn/classifiers/resnext.js';
import { wideResnet } from '../../../../lib/nn/classifiers/wide-resnet.js';
import { tf, type Tensor, type Tensor4D } from '../../../../lib/tensor/index.js';

/** One network of tests/golden/classifiers.py. */
export interface Golden {
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classes: number;
  /** `[batch, classes]` by running statistics. */
  readonly logits: readonly (readonly number[])[];
  readonly loss: number;
  /** The norm of each gradient and some of its values. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly statistics: Readonly<Record<string, readonly number[]>>;
}

const builders = {
  'resnet convolution': (facts) => resnet({ ...facts, depth: 14, widths: [4, 8, 12] }),
  'resnet pad': (facts) => resnet({ ...facts, depth: 14, widths: [4, 8, 12], shortcut: 'pad' }),
  'wide resnet': (facts) => wideResnet({ ...facts, depth: 16, widen: 2, base: 3 }),
  resnext: (facts) => resnext({ ...facts, depth: 11, cardinality: 2, widen: 2, base: 4 }),
  'bottleneck resnet': (facts) => bottleneckResnet({ ...facts, blocks: [2, 1, 2, 1], width: 3 }),
} satisfies Record<string, (facts: Pick<Classifier, 'shape' | 'classes'>) => Classifier>;

export type GoldenName = keyof typeof builders;

export const goldenNames = Object.keys(builders) as GoldenName[];

type GoldenFile = Record<GoldenName, Golden> & { readonly 'ResNet-50, values': readonly number[] };

function goldenFile(): GoldenFile {
  const file = new URL('../../../golden/classifiers.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as GoldenFile;
}

export const readGolden = (name: GoldenName): Golden => goldenFile()[name];

/** Parameters of ResNet-50 with 10 and with 1,000 classes. */
export const goldenResnet50 = (): readonly number[] => goldenFile()['ResNet-50, values'];

export function networkOf(name: GoldenName, { shape, classes }: Golden): Classifier {
  const [height, width, channels] = shape;
  return builders[name]({ shape: { height, width, channels }, classes });
}

/** Values in [-1, 1] without a pattern, as in the Python file. */
export function wave(shape: readonly number[], phase: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.37 * i * i + phase)),
    [...shape],
  );
}

function value(name: string, shape: readonly number[]): Tensor {
  return tf.tidy(() => valueOf(name, shape));
}

function valueOf(name: string, shape: readonly number[]): Tensor {
  const phase = [...Buffer.from(name)].reduce((sum, byte) => sum + byte, 0) / 10;
  const values = wave(shape, phase);
  if (!name.endsWith('.kernel')) return values.div(4).add(/\.(scale|variance)$/.test(name) ? 1 : 0);
  const inputs = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return values.mul(1.5 / Math.sqrt(inputs));
}

/** Weights and running statistics by name. */
export function goldenValues({ parameters, statistics }: Classifier) {
  const shapes = Object.entries(parameters).map(([name, { shape }]) => [name, value(name, shape)] as const);
  const running = Object.entries(statistics).map(([name, size]) => [name, value(name, [size])] as const);
  return { weights: Object.fromEntries(shapes), statistics: Object.fromEntries(running) };
}

/** Images in [0, 1]: `[5, height, width, channels]`. */
export const goldenImages = ({ shape }: Golden): Tensor4D =>
  wave([5, ...shape], 100)
    .add(1)
    .div(2) as Tensor4D;

/** The labels 0, 1, … of the five images, one-hot. */
export const goldenLabels = ({ classes }: Golden): Tensor =>
  tf.oneHot(
    tf.tensor1d(
      [0, 1, 2, 3, 4].map((row) => row % classes),
      'int32',
    ),
    classes,
  );
