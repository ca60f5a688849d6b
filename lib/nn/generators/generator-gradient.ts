import type { Scalar, Tensor, Tensor2D, Tensor4D } from '../../tensor/index.js';
import { ReplayedGradient } from '../replayed-gradient.js';
import type { ConditionalGenerator } from './generator.js';

/** A loss of generated images: images `[batch, height, width, channels]` in [0, 1], one-hot labels, whatever else is handed to `at`. */
export type GeneratorLoss = (images: Tensor4D, labels: Tensor2D, ...rest: Tensor[]) => Scalar;

/**
 * A loss of a generator's images and its gradient by the generator's parameters, as one graph.
 *
 * @example
 * const gradient = new GeneratorGradient(generator, (images, labels, target) => distance(images, labels, target));
 * const { loss, gradients } = gradient.at(latents, labels, target);   // the caller disposes both
 */
export class GeneratorGradient {
  readonly #gradient: ReplayedGradient;

  constructor(
    readonly generator: ConditionalGenerator,
    loss: GeneratorLoss,
    options: { readonly precision?: 'float32' | 'bfloat16' } = {},
  ) {
    const names = Object.keys(generator.state);
    this.#gradient = new ReplayedGradient(
      generator.parameters,
      (weights, ...inputs) => {
        const state = Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
        const [latents, labels, ...rest] = inputs.slice(names.length) as [Tensor2D, Tensor2D, ...Tensor[]];
        return loss(generator.train(latents, labels, { ...weights, ...state }), labels, ...rest);
      },
      options,
    );
  }

  /** Brings the generator's state up to date and gives loss and gradients for these inputs. */
  at(latents: Tensor2D, labels: Tensor2D, ...rest: Tensor[]): { loss: Scalar; gradients: Record<string, Tensor> } {
    this.generator.advance();
    return this.#gradient.at(...Object.values(this.generator.state), latents, labels, ...rest);
  }

  dispose(): void {
    this.#gradient.dispose();
  }
}
