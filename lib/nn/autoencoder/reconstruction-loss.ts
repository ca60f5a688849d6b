import type { Scalar, Tensor } from '../../tensor/index.js';
import { forwardTape } from '../tape.js';
import type { Weights } from '../parameters.js';
import type { Autoencoder } from './autoencoder.js';
import { drawLatents, klDivergence } from './posterior.js';

/**
 * What the autoencoder is trained to make small, on public images: the absolute difference of an image and its reconstruction plus
 * `klWeight` times the divergence of its latents from the standard normal law, both summed over an image and divided by
 * its number of values; the mean over images.
 *
 * DPImageBench adds a perceptual distance by a trained network (LPIPS) and, after 50,000 steps, an adversarial term (a
 * PatchGAN). Both are left out here: the first needs weights that were trained on ImageNet, which a run cannot make by
 * itself, and the second makes edges sharper at the cost of a second network. Reconstructions are therefore a little
 * softer; privacy is not touched by it.
 *
 * @param images `[rows, height, width, channels]` in [0, 1].
 * @param noise standard normal numbers `[rows, …latentShape]`.
 */
export function reconstructionLoss(
  network: Autoencoder,
  weights: Weights,
  { images, noise, klWeight }: { images: Tensor; noise: Tensor; klWeight: number },
): Scalar {
  const tape = forwardTape(weights);
  const posterior = network.encode(tape, images);
  const decoded = network.decode(tape, drawLatents(posterior, noise));
  const { height, width, channels } = network.options.shape;
  const apart = decoded.sub(images).abs().sum([1, 2, 3]); // [rows]
  return apart
    .add(klDivergence(posterior).mul(klWeight))
    .div(height * width * channels)
    .mean();
}
