import { DataError } from '../../core/errors.js';
import { loadWeights, tf, type Tensor, type Tensor1D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import { convolutionsOf, inceptionClasses, inceptionFeatures, inceptionV3, type Convolution } from './architecture.js';

/** What the published network adds to the variance in its batch normalisation. */
const epsilon = 1e-3;

export interface InceptionWeights {
  /** `NAME.kernel` and `NAME.bias` of each convolution, `head.kernel` `[2048, 1008]` and `head.bias`; the caller's. */
  readonly weights: Weights;
  /** SHA-256 of the file in hex. */
  readonly checksum: string;
}

/**
 * Reads the weights of Inception v3 under the names of PyTorch's port, kernels `[outputs, inputs, height, width]`, and folds each
 * batch normalisation into its convolution: the normalised sum g (x * k - m) / sqrt(v + epsilon) + b is x * (s k) + (b - s m)
 * with s = g / sqrt(v + epsilon).
 *
 * @throws DataError when the file is damaged or a tensor has another shape; OptionError when one is missing.
 */
export async function foldedWeights(path: string): Promise<InceptionWeights> {
  const layers = convolutionsOf(inceptionV3);
  const expected = new Map([...layers.flatMap(publishedShapes), ...headShapes]);
  const { tensors, checksum } = await loadWeights(path, { names: [...expected.keys()] });
  try {
    for (const [name, shape] of expected) checkShape(path, name, tensors[name]!, shape);
    const folded = tf.tidy(() => {
      const head = { 'head.kernel': tensors['fc.weight']!.transpose(), 'head.bias': tensors['fc.bias']!.clone() };
      return Object.assign(head, ...layers.map((layer) => fold(layer, tensors))) as Weights;
    });
    return { weights: folded, checksum };
  } finally {
    tf.dispose(tensors);
  }
}

const headShapes: [string, readonly number[]][] = [
  ['fc.weight', [inceptionClasses, inceptionFeatures]],
  ['fc.bias', [inceptionClasses]],
];

function publishedShapes({ name, inputs, outputs, size }: Convolution): [string, readonly number[]][] {
  const ofChannels = ['weight', 'bias', 'running_mean', 'running_var'].map((of): [string, readonly number[]] => [
    `${name}.bn.${of}`,
    [outputs],
  ]);
  return [[`${name}.conv.weight`, [outputs, inputs, ...size]], ...ofChannels];
}

function fold({ name }: Convolution, tensors: Weights): Record<string, Tensor> {
  const [gain, shift, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (of) => tensors[`${name}.bn.${of}`] as Tensor1D,
  ) as [Tensor1D, Tensor1D, Tensor1D, Tensor1D];
  const scale = gain.div(variance.add(epsilon).sqrt()); // [outputs]
  const kernel = tensors[`${name}.conv.weight`]!.transpose([2, 3, 1, 0]); // [height, width, inputs, outputs]
  return { [`${name}.kernel`]: kernel.mul(scale), [`${name}.bias`]: shift.sub(mean.mul(scale)) };
}

function checkShape(path: string, name: string, { shape }: Tensor, expected: readonly number[]): void {
  if (shape.join() === expected.join()) return;
  throw new DataError({
    asked: `weights of Inception v3, '${path}'`,
    wrong: `tensor '${name}' is of another network`,
    got: shape,
    expected: `[${expected.join(', ')}]`,
  });
}
