import { LogSum } from './log-sum.js';
import { emptyNodes, littleNoise, littleNoiseNodes, setNode, type Nodes } from './rdp-nodes.js';

/**
 * Renyi divergences of one Gaussian release on a Poisson sample (rate q, noise multiplier z), under add-or-remove-one:
 * ln(A) / (order - 1) with A = E[r(x)^order], x ~ N(0, z^2), r(x) = 1 - q + q exp((2x - 1) / (2 z^2)).
 * Mironov, Talwar and Zhang 2019 (arXiv 1908.10530), Section 3.3; the other direction of the pair is never larger.
 *
 * Both forms below compute A - 1 as a sum of terms of one sign, so nothing cancels and tiny rates stay exact; the
 * alternating series of the paper loses digits there, and dropping its signs (dp-accounting does) overstates A.
 *
 * @example subsampledGaussianRdp(0.01, 1, [2, 2.5])   // [1.71813e-4, 2.17575e-4]
 */
export function subsampledGaussianRdp(
  sampleRate: number,
  noiseMultiplier: number,
  orders: readonly number[],
): Float64Array {
  const variance = noiseMultiplier * noiseMultiplier;
  if (sampleRate === 1) return Float64Array.from(orders, (order) => order / (2 * variance));
  if (sampleRate === 0) return new Float64Array(orders.length);
  const fractional = orders.filter((order) => !Number.isInteger(order));
  const isLittle = noiseMultiplier < littleNoise;
  const nodes = quadratureNodes(sampleRate, noiseMultiplier, isLittle ? -Infinity : Math.max(...fractional));
  return Float64Array.from(orders, (order) => {
    const logExcess = Number.isInteger(order)
      ? integerOrderLogExcess(sampleRate, variance, order)
      : fractionalOrderLogExcess(isLittle ? littleNoiseNodes(sampleRate, noiseMultiplier, order) : nodes, order);
    return logOnePlusExp(logExcess) / (order - 1);
  });
}

/** ln(A - 1), A - 1 = sum over i of binomial(order, i) q^i (1-q)^(order-i) (exp((i^2 - i) / (2 z^2)) - 1). */
function integerOrderLogExcess(q: number, variance: number, order: number): number {
  const sum = new LogSum();
  const logOdds = Math.log(q) - Math.log1p(-q);
  let logBinomial = order * Math.log1p(-q);
  for (let i = 1; i <= order; i++) {
    logBinomial += Math.log((order - i + 1) / i) + logOdds;
    sum.add(logBinomial + logExpm1((i * i - i) / (2 * variance)));
  }
  return sum.value();
}

/**
 * The trapezoid rule over x / z converges exponentially for a function that is analytic in a strip; here the strip ends at
 * the zeros of r, pi z away from the line, so a step of 0.4 z (0.5 at most) leaves an error under 1e-15.
 * Ten deviations beyond both ends of the mass (0 for order 0, order / z for the largest order) hold all of it.
 */
function quadratureNodes(q: number, z: number, largestOrder: number): Nodes {
  const step = Math.min(0.5, 0.4 * z);
  const length = largestOrder === -Infinity ? 0 : Math.ceil((20 + largestOrder / z) / step) + 1;
  const nodes = emptyNodes(length);
  for (let k = 0; k < length; k++) setNode(nodes, k, q, z, -10 + k * step, step);
  return nodes;
}

/** ln E[r^order - 1 - order (r - 1)], which is ln(A - 1) because E[r] = 1; the integrand is never negative. */
function fractionalOrderLogExcess({ logWeights, excess, logRatios }: Nodes, order: number): number {
  const sum = new LogSum();
  for (let k = 0; k < excess.length; k++) {
    const u = excess[k]!;
    const power = order * logRatios[k]!;
    if (Math.abs(u) * order < 0.05) sum.add(logWeights[k]! + Math.log(binomialTail(order, u)));
    else if (power < 30) sum.add(logWeights[k]! + Math.log(Math.expm1(power) - order * u));
    else {
      // 1 + order u = order r + 1 - order, in this form without overflow.
      const rest = order * Math.exp(logRatios[k]! - power) + (1 - order) * Math.exp(-power);
      sum.add(logWeights[k]! + power + Math.log1p(-rest));
    }
  }
  return sum.value();
}

/** (1 + u)^order - 1 - order u for small order u, by the binomial series from its second term on. */
function binomialTail(order: number, u: number): number {
  let term = ((order * (order - 1)) / 2) * u * u;
  let sum = term;
  for (let k = 3; Math.abs(term) > 1e-17 * sum; k++) {
    term *= ((order - k + 1) / k) * u;
    sum += term;
  }
  return sum;
}

const logExpm1 = (x: number) => (x > 30 ? x + Math.log1p(-Math.exp(-x)) : Math.log(Math.expm1(x)));
const logOnePlusExp = (x: number) => (x > 30 ? x + Math.exp(-x) : Math.log1p(Math.exp(x)));
