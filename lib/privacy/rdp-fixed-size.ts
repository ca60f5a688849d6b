import { LogSum } from './log-sum.js';

/**
 * Renyi divergences of one Gaussian release on a sample of fixed size (a share `q` of the records, without replacement),
 * under replace-one. Wang, Balle and Kasiviswanathan 2019 (arXiv 1808.00087), Theorem 27 at whole orders up to 256, its
 * simpler bound above, and their Corollary 10 (interpolation) in between; dp-accounting does the same.
 *
 * The theorem needs forward differences of exp(j (j - 1) / (2 z^2)); they are E[(r - 1)^l] with r = exp((2x - 1) / (2 z^2)),
 * x ~ N(0, z^2), integrated here for even l, where no terms cancel.
 *
 * @example fixedSizeRdp(0.01, 1, [2, 8])   // [6.87e-4, 3.6e-3]
 */
export function fixedSizeRdp(q: number, noiseMultiplier: number, orders: readonly number[]): Float64Array {
  const variance = noiseMultiplier * noiseMultiplier;
  if (q === 1) return Float64Array.from(orders, (order) => order / (2 * variance));
  if (q === 0) return new Float64Array(orders.length);
  const differences = new Map<number, number>();
  const difference = (l: number) => {
    if (!differences.has(l)) differences.set(l, logEvenDifference(l, noiseMultiplier));
    return differences.get(l)!;
  };
  const whole = new Map<number, number>();
  const cumulant = (order: number) => {
    if (!whole.has(order)) whole.set(order, logMoment(q, variance, order, difference));
    return whole.get(order)!;
  };
  return Float64Array.from(orders, (order) => {
    const below = Math.floor(order);
    const share = order - below;
    const value = share === 0 ? cumulant(order) : (1 - share) * cumulant(below) + share * cumulant(below + 1);
    return value / (order - 1);
  });
}

/** Variance up to which the integral would take too long; the simpler bound holds there too, and nobody has so little noise. */
const least = 0.05 ** 2;

/** (order - 1) times the divergence at a whole order. */
function logMoment(q: number, variance: number, order: number, difference: (l: number) => number): number {
  if (order === 1) return 0;
  const sum = new LogSum();
  const first = 1 / variance;
  let logBinomial = 0;
  for (let i = 1; i <= order; i++) {
    logBinomial += Math.log((order - i + 1) / i) + Math.log(q);
    if (i === 1) continue;
    const simple = i === 2 ? first + Math.LN2 : Math.LN2 + (i * (i - 1)) / (2 * variance);
    const sharp =
      i === 2
        ? Math.log(4) + logExpm1(first)
        : order <= 256 && variance > least
          ? Math.log(4) + (difference(2 * Math.floor(i / 2)) + difference(2 * Math.ceil(i / 2))) / 2
          : Infinity;
    sum.add(logBinomial + Math.min(simple, sharp));
  }
  const log = sum.value();
  return log > 30 ? log + Math.exp(-log) : Math.log1p(Math.exp(log));
}

/** ln E[(r - 1)^l], l even, by the trapezoid rule over x / z (see rdp-gaussian.ts for its step). */
function logEvenDifference(l: number, z: number): number {
  const step = Math.min(0.5, 0.4 * z) / (1 + l / 40);
  const sum = new LogSum();
  for (let t = -14; t <= 14 + l / z; t += step) {
    const exponent = t / z - 1 / (2 * z * z);
    const logDistance = exponent > 0 ? logExpm1(exponent) : Math.log(-Math.expm1(exponent));
    if (logDistance > -Infinity) sum.add(l * logDistance - (t * t) / 2);
  }
  return sum.value() + Math.log(step / Math.sqrt(2 * Math.PI));
}

const logExpm1 = (x: number) => (x > 30 ? x + Math.log1p(-Math.exp(-x)) : Math.log(Math.expm1(x)));
