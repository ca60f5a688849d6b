import { binomialAtLeast, binomialMass, clopperPearson } from './binomial.js';
import { gaussianEpsilon } from './gaussian.js';
import { logNormalCdf } from './log-erfc.js';

/** Guesses about many canaries in one run. */
export interface OneRunGuesses {
  /** Records that were put in or left out by a fair coin each. */
  readonly canaries: number;
  /** Canaries about which something was guessed. */
  readonly guesses: number;
  readonly correct: number;
  readonly delta: number;
}

/**
 * The probability that an (epsilon, delta)-private mechanism lets anybody guess at least `correct` canaries right. Steinke,
 * Nasr, Jagielski: Privacy Auditing with One (1) Training Run, NeurIPS 2023, arXiv 2305.08846, Theorem 5.2 and appendix D.
 */
export function oneRunPValue({ canaries, guesses, correct, delta }: OneRunGuesses, epsilon: number): number {
  const accuracy = 1 / (1 + Math.exp(-epsilon)); // of randomised response
  const pure = binomialAtLeast(correct, guesses, accuracy);
  let [sum, slope] = [0, 0];
  for (let i = 1; i <= correct; i++) {
    sum += binomialMass(correct - i, guesses, accuracy);
    slope = Math.max(slope, sum / i);
  }
  return Math.min(1, pure + 2 * canaries * delta * slope);
}

/** The largest epsilon that the guesses refute at a confidence: 0 when they refute none. */
export function oneRunBound(guesses: OneRunGuesses, confidence: number): number {
  const refuted = (epsilon: number) => oneRunPValue(guesses, epsilon) <= 1 - confidence;
  return largest(refuted, 100);
}

/** How often an attacker said "it was in" in runs with and without the canary. */
export interface ManyRunGuesses {
  readonly truePositives: number;
  readonly runsWith: number;
  readonly falsePositives: number;
  readonly runsWithout: number;
  readonly delta: number;
}

/**
 * A lower bound on epsilon from the two error rates of one attack, each bounded by Clopper-Pearson at half the risk:
 * P(in) <= e^epsilon P(out) + delta for saying "in", and the other way round for saying "out". It assumes nothing about the
 * mechanism. Nasr et al.: Adversary Instantiation, 2021, arXiv 2101.04535, section IV.
 */
export function clopperPearsonBound(guesses: ManyRunGuesses, confidence: number): number {
  const { truePositive, falsePositive } = rates(guesses, confidence);
  const saidIn = Math.log((truePositive.lower - guesses.delta) / falsePositive.upper);
  const saidOut = Math.log((1 - falsePositive.upper - guesses.delta) / (1 - truePositive.lower));
  // A difference below 0 has no logarithm, and says nothing.
  return Math.max(0, saidIn || 0, saidOut || 0);
}

/**
 * A larger bound for mechanisms that are known to be Gaussian: the error rates give a shift mu, and mu an epsilon. Nasr et
 * al.: Tight Auditing of Differentially Private Machine Learning, 2023, arXiv 2302.07956, section 4.
 */
export function gaussianBound(guesses: ManyRunGuesses, confidence: number): number {
  const { truePositive, falsePositive } = rates(guesses, confidence);
  const shift = normalQuantile(truePositive.lower) - normalQuantile(falsePositive.upper);
  return shift > 0 ? gaussianEpsilon(shift, guesses.delta).lower : 0;
}

function rates({ truePositives, runsWith, falsePositives, runsWithout }: ManyRunGuesses, confidence: number) {
  const risk = (1 - confidence) / 2;
  return {
    truePositive: clopperPearson(truePositives, runsWith, risk),
    falsePositive: clopperPearson(falsePositives, runsWithout, risk),
  };
}

/** The x with Phi(x) = probability; plus or minus Infinity at the ends. */
export function normalQuantile(probability: number): number {
  if (probability <= 0) return -Infinity;
  if (probability >= 1) return Infinity;
  if (probability > 0.5) return -normalQuantile(1 - probability);
  let [low, high] = [-40, 0];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (logNormalCdf(middle) < Math.log(probability)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The end of the interval from 0 on which something holds, up to a limit. */
function largest(holds: (value: number) => boolean, limit: number): number {
  if (!holds(0)) return 0;
  let [low, high] = [0, limit];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
