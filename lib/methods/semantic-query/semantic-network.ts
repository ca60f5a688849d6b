import type { ImageShape } from '../../core/images.js';
import { bottleneckResnet } from '../../nn/classifiers/bottleneck-resnet.js';
import type { Classifier } from '../../nn/classifiers/classifier.js';
import { resnet } from '../../nn/classifiers/resnet.js';
import { tf, type Tensor4D } from '../../tensor/index.js';
import type { SemanticParameters } from './parameters.js';

/** A network that sorts images into public categories, and what it takes of an image. */
export interface SemanticNetwork {
  readonly network: Classifier;
  /** Images of the private shape, `[batch, height, width, channels]` in [0, 1], in the shape that the network takes. */
  readonly prepare: (images: Tensor4D) => Tensor4D;
}

const side = 32;

export function semanticNetwork(
  { classifier }: Pick<SemanticParameters, 'classifier'>,
  shape: ImageShape,
  categories: number,
): SemanticNetwork {
  if (classifier === 'small')
    return { network: resnet({ shape, classes: categories, depth: 8, firstStride: 2 }), prepare: (images) => images };
  const network = bottleneckResnet({ shape: { height: side, width: side, channels: 3 }, classes: categories });
  return { network, prepare: inColour };
}

/** Grey as three equal channels, every side 32 by the nearest pixel: `[batch, 32, 32, 3]`. */
function inColour(images: Tensor4D): Tensor4D {
  const [, height, width, channels] = images.shape;
  const coloured = channels === 3 ? images : images.tile<Tensor4D>([1, 1, 1, 3]);
  return height === side && width === side ? coloured : tf.image.resizeNearestNeighbor(coloured, [side, side]);
}
