import { replay, tf, type Replay, type Tensor, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import { inceptionV3, type Piece } from './architecture.js';
import { foldedWeights } from './folded-weights.js';

export interface InceptionOutputs {
  readonly features: Tensor2D; // [batch, 2048], the means of the last block
  readonly logits: Tensor2D; // [batch, 1008]
}

export interface InceptionOptions {
  /** Bytes as floats `[batch, height, width, channels]` to what the network sees, `[batch, 299, 299, channels]`, about [-1, 1]. */
  readonly prepare: (bytes: Tensor4D) => Tensor4D;
  /** Whether the last layer adds its bias. */
  readonly bias: boolean;
}

/** Inception v3 of FID as one graph, from bytes to features and logits. */
export class InceptionV3 {
  readonly #graph: Replay;
  readonly #weights: Weights;

  private constructor(
    weights: Weights,
    readonly checksum: string,
    { prepare, bias }: InceptionOptions,
  ) {
    this.#weights = weights;
    const names = Object.keys(weights);
    const compute = (...tensors: Tensor[]): Tensor[] => {
      const named = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
      const features = pooledFeatures(named, inColour(prepare(tensors[names.length] as Tensor4D)));
      const logits = features.matMul(named['head.kernel'] as Tensor2D);
      return [features, bias ? logits.add(named['head.bias']!) : logits];
    };
    this.#graph = replay(compute, { name: 'Inception v3' });
  }

  /**
   * Reads the published weights; see `foldedWeights` for the file.
   *
   * @example const network = await InceptionV3.load(path, { prepare: halfPixelResize, bias: true });
   */
  static async load(path: string, options: InceptionOptions): Promise<InceptionV3> {
    const { weights, checksum } = await foldedWeights(path);
    return new InceptionV3(weights, checksum, options);
  }

  /** Of bytes as floats, `[batch, height, width, 1 or 3]`. The caller disposes both tensors. */
  run(bytes: Tensor4D): InceptionOutputs {
    const [features, logits] = this.#graph.run([...Object.values(this.#weights), bytes]) as [Tensor2D, Tensor2D];
    return { features, logits };
  }

  dispose(): void {
    this.#graph.dispose();
    tf.dispose(Object.values(this.#weights));
  }
}

function inColour(images: Tensor4D): Tensor4D {
  return images.shape[3] === 3 ? images : images.tile([1, 1, 1, 3]);
}

/** `[batch, 299, 299, 3]` to `[batch, 2048]`. */
function pooledFeatures(weights: Weights, images: Tensor4D): Tensor2D {
  return apply(inceptionV3, weights, images).mean([1, 2]);
}

function apply(piece: Piece, weights: Weights, images: Tensor4D): Tensor4D {
  switch (piece.kind) {
    case 'convolution': {
      const { name, stride, padding } = piece;
      const sums = tf.conv2d(images, weights[`${name}.kernel`] as Tensor4D, stride, padding);
      return sums.add(weights[`${name}.bias`]!).relu();
    }
    case 'maximum':
      return tf.maxPool(images, 3, piece.stride, piece.padding);
    case 'average':
      return tf.avgPool(images, 3, piece.stride, piece.padding);
    case 'sequence':
      return piece.pieces.reduce((values, next) => apply(next, weights, values), images);
    case 'fork':
      return tf.concat(
        piece.pieces.map((branch) => apply(branch, weights, images)),
        3,
      );
  }
}
