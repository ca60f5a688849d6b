import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import type { Tensor2D, Tensor4D } from '../../tensor/index.js';
import type { NetworkParameters, Weights } from '../parameters.js';

/** A network that makes images by class and is trained by gradients: what embedding and GAN methods train. */
export interface ConditionalGenerator {
  readonly options: {
    readonly latentSize: number;
    /** Length of a one-hot label: at least the classes of the private data. */
    readonly classes: number;
    readonly shape: ImageShape;
  };
  /** What gradients train. */
  readonly parameters: NetworkParameters;
  /** What training carries beside them without a gradient, such as the vectors of power iterations; `{}` for most. */
  readonly state: NetworkParameters;
  /** Brings `state` up to date with the parameters; once before each training step. */
  advance(): void;
  /** Random inputs of so many images: `[count, latentSize]`. */
  drawLatents(count: number, stream: SeededStream): Tensor2D;
  /**
   * Images in [0, 1] by the statistics of this batch, `[batch, height, width, channels]`: latents `[batch, latentSize]`, labels
   * one-hot `[batch, classes]`.
   *
   * @param weights parameters and state by name; those of the generator when left out.
   */
  train(latents: Tensor2D, labels: Tensor2D, weights?: Weights): Tensor4D;
  /** Sets the statistics that `generate` uses to those of one large batch. */
  fixStatistics(latents: Tensor2D, labels: Tensor2D): void;
  /** Images in [0, 1] by fixed statistics: each depends on its own latent and label only. Call `fixStatistics` before. */
  generate(latents: Tensor2D, labels: Tensor2D): Tensor4D;
  dispose(): void;
}
