import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';

/** Steps of the noise schedule: times are 0 .. 999. */
export const scheduleSteps = 1000;

const [firstBeta, lastBeta] = [0.0015, 0.0155];

/** beta_t, the variance of the noise that step t adds: their square roots are evenly spaced. */
export function betas(): Float64Array {
  const [from, to] = [Math.sqrt(firstBeta), Math.sqrt(lastBeta)];
  return Float64Array.from({ length: scheduleSteps }, (_, t) => (from + (t / (scheduleSteps - 1)) * (to - from)) ** 2);
}

/** The product of 1 - beta up to t: the share of an image's variance that is left at time t. */
export function signalShares(): Float64Array {
  let share = 1;
  return betas().map((beta) => (share *= 1 - beta));
}

/** What a step of DDIM does: x becomes `keep` x + `fromNoise` times the noise as guessed + `fresh` times new noise. */
export interface DdimStep {
  readonly time: number;
  readonly keep: number;
  readonly fromNoise: number;
  readonly fresh: number;
}

/**
 * The steps of DDIM (Song, Meng and Ermon 2021, equation 12), from the noisiest down, at times that are evenly spaced: with 200
 * steps 996, 991, …, 1. The guess of the clean latents is (x - sqrt(1 - a) noise) / sqrt(a) with the share
 * a of that time; the next latents have the share a' of the next time, and the last ones that of time 0. Factors are formed
 * in double precision.
 *
 * @param options `steps`: at most 1000; `eta` in [0, 1]: 0 is deterministic, 1 has as much fresh noise as DDPM.
 * @throws OptionError for numbers out of range.
 * @example ddimSteps({ steps: 200, eta: 1 })[0].time   // 996
 */
export function ddimSteps({ steps, eta }: { readonly steps: number; readonly eta: number }): DdimStep[] {
  check('count', 'ddimSteps', { steps });
  if (steps > scheduleSteps)
    throw new OptionError({
      asked: 'ddimSteps',
      wrong: 'steps is out of range',
      got: steps,
      expected: `at most ${scheduleSteps}`,
    });
  if (!(eta >= 0 && eta <= 1))
    throw new OptionError({
      asked: 'ddimSteps',
      wrong: 'eta is out of range',
      got: eta,
      expected: 'a number from 0 to 1',
    });
  const shares = signalShares();
  const timeOf = (i: number) => Math.min(Math.floor((i * scheduleSteps) / steps) + 1, scheduleSteps - 1);
  const times = Array.from({ length: steps }, (_, i) => timeOf(i));
  const rising = times.map((time, i) => {
    const [share, next] = [shares[time]!, shares[times[i - 1] ?? 0]!];
    const fresh = freshNoise(share, next, eta);
    const keep = Math.sqrt(next / share);
    return { time, keep, fromNoise: Math.sqrt(1 - next - fresh ** 2) - keep * Math.sqrt(1 - share), fresh };
  });
  return rising.reverse();
}

/** eta sqrt((1 - a') / (1 - a) (1 - a / a')). */
function freshNoise(share: number, next: number, eta: number): number {
  return eta * Math.sqrt(((1 - next) / (1 - share)) * (1 - share / next));
}
