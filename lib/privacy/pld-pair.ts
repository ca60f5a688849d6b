import { logNormalCdf } from './log-erfc.js';

/**
 * The two output distributions of one release: P with a record and Q without it. The privacy loss of an output is
 * ln(P / Q); outputs are numbered so that it grows with them, and a set of losses is an interval of outputs.
 */
export interface OutputPair {
  /** The outputs that are looked at one by one: from < to, or from = to when there are atoms only. */
  readonly from: number;
  readonly to: number;
  /** What lies below `from` and above `to`. */
  readonly below: PairMass;
  readonly above: PairMass;
  /** Single outputs that have a probability of their own. */
  readonly atoms: readonly (PairMass & { readonly loss: number })[];
  /** Largest slope of the logarithms of the densities and of the loss: tells how finely to integrate. */
  readonly steepness: number;
  /** Where the losses have a lowest value or nearly so: the joint loss ln P/Q of all outputs below one. */
  jointLossBelow?(output: number): number;
  /** The output of a loss; -Infinity below all losses, Infinity above. */
  outputAt(loss: number): number;
  /** Writes the loss and the densities of P and Q at an output to `into`. */
  look(output: number, into: Float64Array): void;
}

/** Probability of a set of outputs with and without the record. */
export interface PairMass {
  readonly p: number;
  readonly q: number;
}

/** Losses on a grid: `masses[k]` is the probability of the loss offset + (first + k) * spacing. */
export interface GridLosses {
  readonly offset: number;
  readonly first: number;
  readonly masses: Float64Array;
  /** Probability of an infinite loss. */
  readonly infinity: number;
}

const logRootTwoPi = Math.log(2 * Math.PI) / 2;
const nothing: PairMass = { p: 0, q: 0 };

/**
 * One Gaussian release on a Poisson sample (rate q, noise multiplier z), under add-or-remove-one:
 * P = (1 - q) N(0, z^2) + q N(1, z^2), Q = N(0, z^2). At most `tail` of each lies outside at each end.
 */
export function gaussianPair(q: number, z: number, tail: number): OutputPair {
  const reach = Math.sqrt(-2 * Math.log(2 * tail));
  const variance = z * z;
  const logRate = Math.log(q);
  const tailAt = (x: number) => Math.exp(logNormalCdf(-x));
  const density = (x: number) => Math.exp((-x * x) / (2 * variance) - logRootTwoPi) / z;
  return {
    from: -reach * z,
    to: 1 + reach * z,
    below: { p: (1 - q) * tailAt(reach) + q * tailAt(reach + 1 / z), q: tailAt(reach) },
    above: { p: (1 - q) * tailAt(reach + 1 / z) + q * tailAt(reach), q: tailAt(reach + 1 / z) },
    atoms: [],
    steepness: (reach + 2 / z) / z,
    jointLossBelow(x) {
      const loss = logNormalCdf((x - 1) / z) - logNormalCdf(x / z);
      return q === 1 ? loss : Math.log1p(q * Math.expm1(loss));
    },
    outputAt(loss) {
      if (q === 1) return variance * loss + 0.5;
      if (loss > 30) return variance * (loss + Math.log1p(-(1 - q) * Math.exp(-loss)) - logRate) + 0.5;
      const ratio = Math.expm1(loss) / q;
      return ratio <= -1 ? -Infinity : variance * Math.log1p(ratio) + 0.5;
    },
    look(x, into) {
      const exponent = (2 * x - 1) / (2 * variance);
      into[2] = density(x);
      if (q === 1) {
        into[0] = exponent;
        into[1] = density(x - 1);
      } else if (exponent < 30) {
        const excess = q * Math.expm1(exponent);
        into[0] = Math.log1p(excess);
        into[1] = into[2] * (1 + excess);
      } else {
        into[0] = exponent + Math.log(q + (1 - q) * Math.exp(-exponent));
        into[1] = (1 - q) * into[2] + q * density(x - 1);
      }
    },
  };
}

/** One Laplace release of scale b per unit of sensitivity: P = Lap(1, b), Q = Lap(0, b); outside [0, 1] the loss is constant. */
export function laplacePair(scale: number): OutputPair {
  const far = Math.exp(-1 / scale) / 2;
  return {
    from: 0,
    to: 1,
    below: nothing,
    above: nothing,
    atoms: [
      { loss: -1 / scale, p: far, q: 0.5 },
      { loss: 1 / scale, p: 0.5, q: far },
    ],
    steepness: 2 / scale,
    outputAt: (loss) => (loss * scale + 1) / 2,
    look(x, into) {
      into[0] = (2 * x - 1) / scale;
      into[1] = Math.exp((x - 1) / scale) / (2 * scale);
      into[2] = Math.exp(-x / scale) / (2 * scale);
    },
  };
}

/** The worst mechanism of pure epsilon: randomised response, to which all others are post-processings (Kairouz et al. 2015). */
export function purePair(epsilon: number): OutputPair {
  const [rare, frequent] = [1 / (1 + Math.exp(epsilon)), 1 / (1 + Math.exp(-epsilon))];
  return {
    from: 0,
    to: 0,
    below: nothing,
    above: nothing,
    atoms: [
      { loss: -epsilon, p: rare, q: frequent },
      { loss: epsilon, p: frequent, q: rare },
    ],
    steepness: 0,
    outputAt: (loss) => (loss < 0 ? -Infinity : Infinity),
    look() {},
  };
}
