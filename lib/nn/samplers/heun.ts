import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { SeededStream } from '../../core/rng.js';
import type { Tensor } from '../../tensor/index.js';
import type { Denoiser } from './denoiser.js';
import { standardNormal, walkDown, type SamplerOptions } from './sampling.js';

/** Fresh noise while sampling: each level is first raised by a factor of at most `1 + min(amount / steps, 1)`. */
export interface Churn {
  /** S_churn, at least 0. */
  readonly amount: number;
  /** S_min and S_max: levels outside get no fresh noise. */
  readonly sigmaFrom?: number;
  readonly sigmaTo?: number;
  readonly stream: SeededStream;
}

export interface HeunOptions extends SamplerOptions {
  /** Absent: the sampler is deterministic. */
  readonly churn?: Churn;
}

/**
 * Heun's second-order method with optional churn (Karras et al. 2022, algorithm 2, S_noise = 1). 2 steps - 1 calls of the
 * denoiser: the last interval, down to no noise, is a plain Euler step, which gives the denoiser's last answer. As in the
 * reference the churn of one step is capped at 1, not at √2 - 1; no setting in use comes near either.
 *
 * @param start standard normal numbers `[rows, …]`; stays the caller's.
 * @returns clean images of the shape of `start`, in the denoiser's scale; they belong to the caller.
 * @throws OptionError for a bad noise grid or churn; whatever the signal was aborted with.
 * @example
 * const churn = { amount: 10, sigmaFrom: 0.025, sigmaTo: 50, stream: stream.fork('churn') };
 * const images = await sampleHeun(denoiserOf(network, edm), start, { steps: 1000, labels, churn });
 */
export async function sampleHeun(denoiser: Denoiser, start: Tensor, options: HeunOptions): Promise<Tensor> {
  const { labels, churn } = options;
  if (churn) checkChurn(churn);
  return walkDown(start, options, (images, levels, i) => {
    const [now, next] = [levels[i]!, levels[i + 1] ?? 0];
    const raised = now * (1 + raise(churn, now, levels.length));
    const noisy = raised === now ? images : images.add(extraNoise(images, now, raised, churn!));
    const clean = denoiser(noisy, raised, labels);
    if (next === 0) return clean;
    const slope = noisy.sub(clean).div(raised);
    const guess = noisy.add(slope.mul(next - raised));
    const slopeThere = guess.sub(denoiser(guess, next, labels)).div(next);
    return noisy.add(slope.add(slopeThere).mul((next - raised) / 2));
  });
}

/** gamma of algorithm 2. */
function raise(churn: Churn | undefined, sigma: number, steps: number): number {
  const { amount = 0, sigmaFrom = 0, sigmaTo = Infinity } = churn ?? {};
  return sigma >= sigmaFrom && sigma <= sigmaTo ? Math.min(amount / steps, 1) : 0;
}

/** Noise that lifts images from one level to a higher one. */
function extraNoise(images: Tensor, from: number, to: number, { stream }: Churn): Tensor {
  return standardNormal(images.shape, stream).mul(Math.sqrt(to ** 2 - from ** 2));
}

function checkChurn({ amount, sigmaFrom = 0, sigmaTo = Infinity }: Churn): void {
  check('notNegative', 'sampleHeun', { amount, sigmaFrom });
  if (!(sigmaTo >= sigmaFrom))
    throw new OptionError({
      asked: 'sampleHeun',
      wrong: 'churn ends below its start',
      got: sigmaTo,
      expected: `sigmaTo of at least sigmaFrom, ${sigmaFrom}`,
    });
}
