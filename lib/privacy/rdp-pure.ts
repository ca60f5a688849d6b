/** Renyi divergences of releases on all of the data, in closed form. */

/**
 * Of Laplace noise of `noiseMultiplier` times the L1 sensitivity. Mironov 2017 (arXiv 1702.07476), Proposition 6:
 * ln( (a e^((a-1)/b) + (a-1) e^(-a/b)) / (2a - 1) ) / (a - 1).
 *
 * @example laplaceRdp(1, [2])   // [0.6190]
 */
export function laplaceRdp(noiseMultiplier: number, orders: readonly number[]): Float64Array {
  const epsilon = 1 / noiseMultiplier;
  return Float64Array.from(orders, (order) => {
    // epsilon + ln(1 - x) / (a - 1); for small epsilon the two cancel to a epsilon^2 / 2 and the series keeps the digits.
    if (order * epsilon < 0.01) return smallLaplace(epsilon, order);
    const x = (-(order - 1) * Math.expm1(epsilon * (1 - 2 * order))) / (2 * order - 1);
    return epsilon + Math.log1p(-x) / (order - 1);
  });
}

/** ln(1 + s) / (a - 1) with s = (a (e^((a-1) e) - 1) + (a-1) (e^(-a e) - 1)) / (2a - 1), whose first orders cancel exactly. */
function smallLaplace(epsilon: number, a: number): number {
  const [u, v] = [(a - 1) * epsilon, -a * epsilon];
  return Math.log1p((a * expm1Less(u) + (a - 1) * expm1Less(v)) / (2 * a - 1)) / (a - 1);
}

/** e^x - 1 - x for small x. */
function expm1Less(x: number): number {
  let [term, sum] = [(x * x) / 2, 0];
  for (let k = 3; k < 12; k++) {
    sum += term;
    term *= x / k;
  }
  return sum;
}

/**
 * Of a mechanism of pure epsilon: at most that of randomised response, which all others are post-processings of:
 * ln( (e^(a epsilon) + e^((1-a) epsilon)) / (1 + e^epsilon) ) / (a - 1). Kairouz, Oh and Viswanath 2015 (arXiv 1311.0776).
 *
 * @example pureRdp(1, [2])   // [0.7354]
 */
export function pureRdp(epsilon: number, orders: readonly number[]): Float64Array {
  return Float64Array.from(orders, (a) => {
    // cosh((a - 1/2) e) / cosh(e / 2) = 1 + 2 sinh(a e / 2) sinh((a - 1) e / 2) / cosh(e / 2), which loses no digits.
    const [u, v] = [(a * epsilon) / 2, ((a - 1) * epsilon) / 2];
    if (u > 300) return (u + v + Math.log1p(-Math.exp(-2 * v)) - logTwoCosh(epsilon / 2)) / (a - 1);
    return Math.log1p((2 * Math.sinh(u) * Math.sinh(v)) / Math.cosh(epsilon / 2)) / (a - 1);
  });
}

const logTwoCosh = (x: number) => x + Math.log1p(Math.exp(-2 * x));
