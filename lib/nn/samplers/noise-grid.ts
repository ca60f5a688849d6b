import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';

export interface NoiseGrid {
  /** Number of noise levels, at least 1. */
  readonly steps: number;
  /** The last level, default 0.002. */
  readonly sigmaMin?: number;
  /** The first level, default 80. */
  readonly sigmaMax?: number;
  /** How much the levels crowd towards the last one, default 7. */
  readonly rho?: number;
}

/**
 * The noise levels of a sampler, falling (Karras et al. 2022, equation 5), in double precision: their squares span ten
 * orders of magnitude. A single step is the first level alone.
 *
 * @throws OptionError when a number is out of range or `sigmaMin` is not below `sigmaMax`.
 * @example noiseGrid({ steps: 5 })   // 80, 17.53, 2.515, 0.1698, 0.002
 */
export function noiseGrid({ steps, sigmaMin = 0.002, sigmaMax = 80, rho = 7 }: NoiseGrid): Float64Array {
  check('count', 'noiseGrid', { steps });
  check('positive', 'noiseGrid', { sigmaMin, sigmaMax, rho });
  if (sigmaMin >= sigmaMax)
    throw new OptionError({
      asked: 'noiseGrid',
      wrong: 'sigmaMin must be below sigmaMax',
      got: sigmaMin,
      expected: `a number below ${sigmaMax}`,
    });
  const [first, last] = [sigmaMax ** (1 / rho), sigmaMin ** (1 / rho)];
  const share = (i: number) => (steps === 1 ? 0 : i / (steps - 1));
  return Float64Array.from({ length: steps }, (_, i) => (first + share(i) * (last - first)) ** rho);
}

/**
 * The noise level from which a part of a walk, in (0, 1], is still to go: 1 is the first level of the grid, near 0 its last.
 *
 * @example noiseLevelAt(0.5)   // 2.515, the middle of noiseGrid({ steps: 5 })
 */
export function noiseLevelAt(
  part: number,
  { sigmaMin = 0.002, sigmaMax = 80, rho = 7 }: Omit<NoiseGrid, 'steps'> = {},
): number {
  const [first, last] = [sigmaMax ** (1 / rho), sigmaMin ** (1 / rho)];
  return (last + part * (first - last)) ** rho;
}
