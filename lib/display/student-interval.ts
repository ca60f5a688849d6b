/** Steps of Simpson's rule; the density is smooth. */
const steps = 400;

/**
 * The mean of some values with the interval that holds the true mean with a probability, for values that are about normal
 * (Student 1908): mean plus or minus t s / sqrt(n), s with divisor n - 1. Of one value the interval is infinite.
 *
 * @example studentInterval([1, 2, 3]).upper   // 4.484: scipy.stats.t.interval(0.95, 2, 2, 3 ** -0.5)
 */
export function studentInterval(
  values: readonly number[],
  level = 0.95,
): { readonly mean: number; readonly lower: number; readonly upper: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, lower: -Infinity, upper: Infinity };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const reach = quantile((1 + level) / 2, count - 1) * Math.sqrt(variance / count);
  return { mean, lower: mean - reach, upper: mean + reach };
}

/** Where Student's distribution of some degrees of freedom has a probability below it, above one half: by halving. */
function quantile(probability: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (below(high, degrees) < probability) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (below(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return high;
}

/** The integral up to t. With t = sqrt(n) tan(a) the density is cos(a)^(n - 1) times a constant: no tail is cut off. */
function below(t: number, degrees: number): number {
  const part = integral(Math.atan(t / Math.sqrt(degrees)), degrees);
  return 0.5 + part / (2 * integral(Math.PI / 2, degrees));
}

function integral(to: number, degrees: number): number {
  const h = to / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++)
    sum += Math.max(0, Math.cos(i * h)) ** (degrees - 1) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}
