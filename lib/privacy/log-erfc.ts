/**
 * ln erfc(x) and ln of the normal distribution function with full relative accuracy in both tails, where erfc itself
 * would underflow (x > 26) and a polynomial of 1e-7 absolute accuracy would be noise. Tested against mpmath to 1e-13.
 */

const sqrtPi = Math.sqrt(Math.PI);

/** ln erfc(x) for any real x; -x^2 - ln(x sqrt(pi)) far to the right, ln 2 far to the left. */
export function logErfc(x: number): number {
  if (x > 1.5) return Math.log(scaledErfc(x)) - x * x;
  if (x > -1.5) return Math.log1p(-erf(x));
  return Math.log(2) + Math.log1p(-erfcOfLarge(-x) / 2);
}

/** ln Phi(x), Phi the distribution function of the standard normal. */
export function logNormalCdf(x: number): number {
  return logErfc(-x * Math.SQRT1_2) - Math.LN2;
}

const erfcOfLarge = (x: number) => scaledErfc(x) * Math.exp(-x * x);

/** erf by the series 2/sqrt(pi) e^(-x^2) sum 2^k x^(2k+1) / (2k+1)!!, whose terms all have one sign (|x| < 2). */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return (2 / sqrtPi) * Math.exp(-x * x) * sum;
}

/** e^(x^2) erfc(x) for x > 1 by its continued fraction, evaluated from the far end; the depth suffices for 1e-16. */
function scaledErfc(x: number): number {
  if (x > 1e8) return 1 / (x * sqrtPi);
  const depth = Math.ceil(8 + 160 / (x * x));
  let tail = x;
  for (let k = depth; k >= 1; k--) tail = x + k / 2 / tail;
  return 1 / (sqrtPi * tail);
}
