import { DataError } from '../../core/errors.js';
import { loadWeights, tf, type Tensor } from '../../tensor/index.js';
import type { Classifier } from './classifier.js';
import { resnet } from './resnet.js';
import { packingsOf, TrainedClassifier } from './trained-classifier.js';

/** A PyTorch module's tensor names and ours: both name the module before the last dot. */
const kinds: Readonly<Record<string, string>> = {
  'weight 4': 'kernel', // [out, in, height, width]
  'weight 2': 'kernel', // [out, in]
  'weight 1': 'scale',
  running_mean: 'mean',
  running_var: 'variance',
};

/**
 * PyTorch's tensors under our names and in our layout. A bias is a norm's shift where the module has a running mean. Counts of
 * batches are left out. The tensors belong to the caller, as do those that came.
 *
 * @example fromTorch({ 'conv1.weight': kernel })['conv1.kernel']   // [height, width, in, out]
 */
export function fromTorch(tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const named = Object.entries(tensors).flatMap(([name, tensor]): [string, Tensor][] => {
    const dot = name.lastIndexOf('.');
    const [module, kind] = [name.slice(0, dot), name.slice(dot + 1)];
    if (kind === 'num_batches_tracked') return [];
    if (kind === 'bias')
      return [[`${module}.${`${module}.running_mean` in tensors ? 'shift' : 'bias'}`, tensor.clone()]];
    const ours = kinds[kind] ?? kinds[`${kind} ${tensor.rank}`] ?? kind;
    return [[`${module}.${ours}`, inOurLayout(tensor)]];
  });
  return Object.fromEntries(named);
}

function inOurLayout(tensor: Tensor): Tensor {
  if (tensor.rank === 4) return tensor.transpose([2, 3, 1, 0]);
  return tensor.rank === 2 ? tensor.transpose() : tensor.clone();
}

/**
 * A classifier with the weights of a PyTorch file whose modules have the same names.
 *
 * @returns the classifier, which the caller disposes, and the SHA-256 of the file.
 * @throws as `loadWeights`; DataError when the network has other names or shapes.
 * @example const { trained, checksum } = await torchClassifier(publishedResnet20(), 'resnet20-12fca82f.th');
 */
export async function torchClassifier(
  network: Classifier,
  path: string,
): Promise<{ trained: TrainedClassifier; checksum: string }> {
  const { tensors, checksum } = await loadWeights(path);
  try {
    const named = tf.tidy(() => fromTorch(tensors));
    try {
      checkFits(network, path, named);
      return { trained: TrainedClassifier.of(network, { weights: named, statistics: named }), checksum };
    } finally {
      tf.dispose(named);
    }
  } finally {
    tf.dispose(tensors);
  }
}

function checkFits(network: Classifier, path: string, found: Readonly<Record<string, Tensor>>): void {
  const { weights, statistics } = packingsOf(network);
  const expected = { ...weights.shapes, ...statistics.shapes };
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const words = (shape: readonly number[] | undefined) => (shape ? `[${shape.join(', ')}]` : 'none');
    const [got, wanted] = [words(found[name]?.shape), words(expected[name])];
    if (got === wanted) continue;
    throw new DataError({
      asked: `weights of ${network.name} from '${path}'`,
      wrong: `${name} does not fit`,
      got,
      expected: wanted,
      next: 'Give the file of this very architecture.',
    });
  }
}

/**
 * The ResNet-20 for CIFAR-10 whose weights github.com/akamaster/pytorch_resnet_cifar10 publishes (BSD-2, `resnet20-12fca82f.th`):
 * 269,722 parameters, 91.7 % on the test set, for images normalised by ImageNet's mean and deviation.
 */
export function publishedResnet20(): Classifier {
  const scaling = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
  return resnet({ shape: { height: 32, width: 32, channels: 3 }, classes: 10, depth: 20, shortcut: 'pad', scaling });
}
