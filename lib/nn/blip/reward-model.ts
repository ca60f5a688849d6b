import { DataError } from '../../core/errors.js';
import {
  loadWeights,
  replay,
  tf,
  type Replay,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import { encodeImages } from './image-encoder.js';
import { blipShapes, headLayers, type BlipSizes } from './sizes.js';
import { encodeTexts } from './text-encoder.js';
import { linear } from './transformer.js';

/** The published score is the head's output moved and scaled by these (`ImageReward.py` of the authors). */
const mean = 0.16717362830052426;
const deviation = 1.0333394966054072;

/**
 * ImageReward (Xu et al. 2023, arXiv 2304.05977): how much people would like an image for a text. BLIP reads both, and a head of five
 * linear layers with nothing between them makes one number. Runs as one graph a batch size.
 *
 * @example
 * const model = await RewardModel.load('ImageReward.pt', imageRewardSizes);
 * const scores = model.scores(preprocess(images, 224), ids, mask);   // the caller disposes it
 * model.dispose();
 */
export class RewardModel {
  readonly #graph: Replay;

  private constructor(
    readonly sizes: BlipSizes,
    readonly weights: Weights,
    /** SHA-256 of the file in hex. */
    readonly checksum: string,
  ) {
    const names = Object.keys(weights);
    const compute = (...tensors: Tensor[]): Tensor[] => {
      const named = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
      const [images, ids, mask] = tensors.slice(names.length) as [Tensor4D, Tensor2D, Tensor2D];
      return [rewards(named, images, { ids, mask }, sizes)];
    };
    this.#graph = replay(compute, { name: 'ImageReward' });
  }

  /**
   * Reads a file with the names of the published `ImageReward.pt`; what else is in it stays there.
   *
   * @throws DataError for a file that cannot be read or has a weight of another shape, OptionError for one that lacks a weight.
   */
  static async load(path: string, sizes: BlipSizes): Promise<RewardModel> {
    const shapes = blipShapes(sizes);
    const { tensors, checksum } = await loadWeights(path, { names: Object.keys(shapes) });
    for (const [name, shape] of Object.entries(shapes)) {
      const got = tensors[name]!.shape;
      if (tf.util.arraysEqual(got, shape)) continue;
      tf.dispose(tensors);
      throw new DataError({
        asked: `ImageReward from '${path}'`,
        wrong: `weight '${name}' has another shape`,
        got,
        expected: `[${shape.join(', ')}]`,
      });
    }
    return new RewardModel(sizes, tensors, checksum);
  }

  /**
   * One score for each image and text, `[batch]`: higher is better, and scores below 0 are common.
   *
   * @param images `[batch, pixels, pixels, 3]`, normalised. `ids`: `[batch, tokens]` int32, `mask`: `[batch, tokens]` of 0 and 1.
   */
  scores(images: Tensor4D, ids: Tensor2D, mask: Tensor2D): Tensor1D {
    return this.#graph.run([...Object.values(this.weights), images, ids, mask])[0] as Tensor1D;
  }

  /** Frees weights and graphs. */
  dispose(): void {
    this.#graph.dispose();
    tf.dispose(this.weights as Record<string, Tensor>);
  }
}

function rewards(
  weights: Weights,
  images: Tensor4D,
  texts: { readonly ids: Tensor2D; readonly mask: Tensor2D },
  sizes: BlipSizes,
): Tensor1D {
  let x: Tensor = encodeTexts(weights, texts, encodeImages(weights, images, sizes), sizes);
  for (const layer of headLayers(sizes)) x = linear(weights, layer, x);
  return x.reshape([-1]).sub(mean).div(deviation);
}
