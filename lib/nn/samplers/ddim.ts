import type { SeededStream } from '../../core/rng.js';
import type { Tensor } from '../../tensor/index.js';
import type { Denoiser } from './denoiser.js';
import { standardNormal, walkDown, type SamplerOptions } from './sampling.js';

export interface DdimOptions extends SamplerOptions {
  /** Adds fresh noise at each step and doubles the drift (the reverse-time stochastic equation); without it the sampler is deterministic. */
  readonly noiseStream?: SeededStream;
}

/**
 * Euler's method on the probability-flow equation, which is DDIM (Song, Meng and Ermon 2021; Karras et al. 2022, appendix
 * C.4): one call of the denoiser a step, the last at the lowest level.
 *
 * @param start standard normal numbers `[rows, …]`; stays the caller's.
 * @returns clean images of the shape of `start`, in the denoiser's scale; they belong to the caller.
 * @throws OptionError for a bad noise grid; whatever the signal was aborted with.
 * @example
 * const start = standardNormal([100, 28, 28, 1], new SeededStream(1));
 * const images = await sampleDdim(denoiserOf(network, edm), start, { steps: 50, labels });
 */
export function sampleDdim(denoiser: Denoiser, start: Tensor, options: DdimOptions): Promise<Tensor> {
  const { labels, noiseStream } = options;
  return walkDown(start, options, (images, levels, i) => {
    const clean = denoiser(images, levels[i]!, labels);
    if (i === levels.length - 1) return clean;
    // x + (next - now) (x - D) / now, as a mean of x and D whose weights are formed in double precision.
    const share = levels[i + 1]! / levels[i]!;
    if (!noiseStream) return images.mul(share).add(clean.mul(1 - share));
    const fresh = Math.sqrt(2 * (levels[i]! - levels[i + 1]!) * levels[i]!);
    const drifted = images.mul(2 * share - 1).add(clean.mul(2 - 2 * share));
    return drifted.add(standardNormal(images.shape, noiseStream).mul(fresh));
  });
}
