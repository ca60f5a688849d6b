/** Binomial probabilities for audits: numbers of right guesses among independent ones. */

/** ln(n!) for n = 0, 1, …: grows as it is asked for. */
const logFactorials: number[] = [0];

function logFactorial(n: number): number {
  for (let k = logFactorials.length; k <= n; k++) logFactorials.push(logFactorials[k - 1]! + Math.log(k));
  return logFactorials[n]!;
}

/** P(X = k) for n trials of success `probability`. */
export function binomialMass(k: number, n: number, probability: number): number {
  if (probability <= 0) return k === 0 ? 1 : 0;
  if (probability >= 1) return k === n ? 1 : 0;
  const choices = logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  return Math.exp(choices + k * Math.log(probability) + (n - k) * Math.log1p(-probability));
}

/** P(X >= k). */
export function binomialAtLeast(k: number, n: number, probability: number): number {
  // The side that leads away from the mean is summed, so that a small tail keeps its digits and the sum may stop early.
  if (k > n * probability) return Math.min(1, tail(k, 1, n, probability));
  return Math.max(0, 1 - tail(k - 1, -1, n, probability));
}

function tail(from: number, step: 1 | -1, n: number, probability: number): number {
  let sum = 0;
  for (let k = from; k >= 0 && k <= n; k += step) {
    const mass = binomialMass(k, n, probability);
    sum += mass;
    if (mass < 1e-18 * sum) break;
  }
  return sum;
}

/**
 * Clopper-Pearson bounds of a probability from `successes` in `trials`: each is wrong with probability `alpha` at most.
 * `scipy.stats.beta.ppf(alpha, k, n - k + 1)` and `beta.ppf(1 - alpha, k + 1, n - k)`.
 *
 * @example clopperPearson(8, 10, 0.025)   // { lower: 0.4439, upper: 0.9748 }
 */
export function clopperPearson(successes: number, trials: number, alpha: number): { lower: number; upper: number } {
  const root = (holds: (p: number) => boolean) => {
    let [low, high] = [0, 1];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (holds(middle)) low = middle;
      else high = middle;
    }
    return { low, high };
  };
  const lower = successes === 0 ? 0 : root((p) => binomialAtLeast(successes, trials, p) <= alpha).low;
  const upper = successes === trials ? 1 : root((p) => 1 - binomialAtLeast(successes + 1, trials, p) > alpha).high;
  return { lower, upper };
}
