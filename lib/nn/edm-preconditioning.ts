import type { RandomStream } from '../core/rng.js';

/** The factors at one noise level sigma: `D(x) = skip x + output F(input x, condition, labels)`. */
export interface Scales {
  /** c_skip: how much of the noisy image goes straight through. */
  readonly skip: number;
  /** c_out: what the network's output is multiplied by. */
  readonly output: number;
  /** c_in: what the noisy image is multiplied by before the network. */
  readonly input: number;
  /** c_noise: what the network is told of the noise level. */
  readonly condition: number;
}

/**
 * How a network F becomes a denoiser D, and which noise levels it is trained on. In each of the four the loss weight
 * times `output` squared is 1, so that an untrained network is equally wrong at every noise level.
 */
export interface Preconditioning {
  readonly name: 'edm' | 'v' | 've' | 'vp';
  /** The factors at a noise level `sigma` > 0. */
  scales(sigma: number): Scales;
  /** lambda(sigma), the weight of the squared error of D in the loss. */
  weight(sigma: number): number;
  /** A noise level for training, drawn from the law of this preconditioning. */
  draw(stream: Pick<RandomStream, 'normal' | 'uniform'>): number;
}

/** Standard deviation of images scaled to [-1, 1] if their values were uniform (Karras et al. use 0.5). */
export const dataDeviation = Math.sqrt(1 / 3);

/**
 * Karras et al. 2022 (arXiv 2206.00364), table 1, with the data deviation of Dockhorn et al. 2023 (DPDM): the one that all
 * pixel methods use. ln(sigma) is drawn from N(-1.2, 1.2²).
 *
 * @example edm.scales(1)   // { skip: 0.25, output: 0.5, input: 0.866…, condition: 0 }
 */
export const edm: Preconditioning = {
  name: 'edm',
  scales(sigma) {
    const total = Math.hypot(sigma, dataDeviation);
    return {
      skip: (dataDeviation / total) ** 2,
      output: (sigma * dataDeviation) / total,
      input: 1 / total,
      condition: Math.log(sigma) / 4,
    };
  },
  weight: (sigma) => (sigma ** 2 + dataDeviation ** 2) / (sigma * dataDeviation) ** 2,
  draw: (stream) => Math.exp(-1.2 + 1.2 * stream.normal()),
};

/**
 * EDM trained on other noise levels: ln(sigma) from N(ln(median), 1.2²). A higher median gives more of a short training to what
 * an image is as a whole, a lower one to its details.
 */
export const edmTrainedAround = (median: number): Preconditioning => ({
  ...edm,
  draw: (stream) => median * Math.exp(1.2 * stream.normal()),
});

/**
 * Velocity prediction (Salimans and Ho 2022, arXiv 2202.00512) in the same form, with time drawn uniformly between
 * the two log signal-to-noise ratios.
 *
 * @param logSnr the largest and the least ratio, in nats: symmetric, `±logSnr`. No configuration of the reference
 * gives it; 20 is customary.
 */
export function velocity(logSnr = 20): Preconditioning {
  const time = (ratio: number) => (2 / Math.PI) * Math.atan(Math.exp(-ratio / 2)); // arccos(1/√(1+e^-l)) = atan(e^(-l/2))
  return {
    name: 'v',
    scales(sigma) {
      const total = Math.hypot(sigma, 1);
      return {
        skip: total ** -2,
        output: sigma / total,
        input: 1 / total,
        condition: (2 / Math.PI) * Math.atan(sigma),
      };
    },
    weight: (sigma) => (sigma ** 2 + 1) / sigma ** 2,
    // √(cos^-2 - 1) is the tangent, without its cancellation near 0.
    draw(stream) {
      const [from, to] = [time(logSnr), time(-logSnr)];
      return Math.tan(((from + stream.uniform() * (to - from)) * Math.PI) / 2);
    },
  };
}

/** Variance exploding (Song et al. 2021, arXiv 2011.13456): ln(sigma) is drawn uniformly between the two bounds. */
export function varianceExploding({ sigmaMin = 0.02, sigmaMax = 100 } = {}): Preconditioning {
  return {
    name: 've',
    scales: (sigma) => ({ skip: 1, output: sigma, input: 1, condition: Math.log(sigma / 2) }),
    weight: (sigma) => sigma ** -2,
    draw: (stream) => sigmaMin * (sigmaMax / sigmaMin) ** stream.uniform(),
  };
}

/** A variance-preserving preconditioning with its two maps between time in [0, 1] and noise level. */
export interface VariancePreserving extends Preconditioning {
  timeAt(sigma: number): number;
  sigmaAt(time: number): number;
}

/**
 * Variance preserving (DDPM; Song et al. 2021), time drawn uniformly between `timeMin` and 1.
 *
 * @param options `betaMin` and `betaMax`: rates of noise at times 0 and 1; `steps`: what time is multiplied by for the network.
 */
export function variancePreserving({
  betaMin = 0.1,
  betaMax = 20,
  steps = 999,
  timeMin = 1e-5,
} = {}): VariancePreserving {
  const growth = betaMax - betaMin;
  const ratio = betaMin / growth;
  // -r + √(r² + c) as c / (r + √(r² + c)): exact also for small noise.
  const timeAt = (sigma: number): number => {
    const rise = (2 * Math.log1p(sigma ** 2)) / growth;
    return rise / (ratio + Math.sqrt(ratio ** 2 + rise));
  };
  const sigmaAt = (time: number) => Math.sqrt(Math.expm1((growth * time ** 2) / 2 + betaMin * time));
  return {
    name: 'vp',
    timeAt,
    sigmaAt,
    scales: (sigma) => ({ skip: 1, output: -sigma, input: 1 / Math.hypot(sigma, 1), condition: steps * timeAt(sigma) }),
    weight: (sigma) => sigma ** -2,
    draw: (stream) => sigmaAt(timeMin + stream.uniform() * (1 - timeMin)),
  };
}
