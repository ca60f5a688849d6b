/** Nodes and weights of the Gauss-Legendre rules of 2, 3, 5 and 8 points on [-1, 1]. */
const rules = [2, 3, 5, 8].map(gaussLegendre);
export const gaussNodes = rules.map(({ nodes }) => nodes);
export const gaussWeights = rules.map(({ weights }) => weights);

/** Newton's method on the Legendre polynomial of degree n, from the usual first guesses. */
export function gaussLegendre(n: number): { nodes: Float64Array; weights: Float64Array } {
  const [nodes, weights] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 20; round++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
