import { gaussNodes, gaussWeights } from './gauss-legendre.js';

/**
 * Points of a quadrature over t = x / z: ln of the weighted normal density, u = r - 1 and ln r, where
 * r = 1 - q + q exp(t / z - 1 / (2 z^2)) is the ratio of the two output densities of a Gaussian on a Poisson sample.
 */
export interface Nodes {
  readonly logWeights: Float64Array;
  readonly excess: Float64Array;
  readonly logRatios: Float64Array;
}

export const emptyNodes = (length: number): Nodes => ({
  logWeights: new Float64Array(length),
  excess: new Float64Array(length),
  logRatios: new Float64Array(length),
});

const logTwoPi = Math.log(2 * Math.PI);

/** Writes point k of a quadrature: place t, weight. */
export function setNode(nodes: Nodes, k: number, q: number, z: number, t: number, weight: number): void {
  const exponent = t / z - 1 / (2 * z * z);
  nodes.logWeights[k] = Math.log(weight) - (t * t + logTwoPi) / 2;
  nodes.excess[k] = q * Math.expm1(exponent);
  nodes.logRatios[k] =
    exponent < 30 ? Math.log1p(nodes.excess[k]!) : exponent + Math.log(q + Math.exp(Math.log1p(-q) - exponent));
}

/** With less noise than this, equal steps that resolve the bend of ln r would be too many. */
export const littleNoise = 0.2;

/**
 * For one order: the mass lies about t = 0 and t = order / z, both one wide, and where r bends, z wide. Gauss-Legendre
 * panels of 8 points cover these three, however far apart.
 */
export function littleNoiseNodes(q: number, z: number, order: number): Nodes {
  const bend = z * (Math.log1p(-q) - Math.log(q)) + 1 / (2 * z);
  const fine = [bend - 40 * z, bend + 40 * z] as const;
  const bumps = [
    [-10, 10],
    [order / z - 10, order / z + 10],
  ] as const;
  const panels = panelsOf([fine], [], 2 * z);
  const [first, second] = bumps;
  const wide = first[1] >= second[0] ? [[first[0], second[1]] as const] : bumps;
  panels.push(...panelsOf(wide, fine, 0.5));
  const [points, weights] = [gaussNodes[3]!, gaussWeights[3]!];
  const nodes = emptyNodes(panels.length * points.length);
  panels.forEach(([from, to], panel) => {
    const [centre, half] = [(from + to) / 2, (to - from) / 2];
    points.forEach((point, i) =>
      setNode(nodes, panel * points.length + i, q, z, centre + half * point, half * weights[i]!),
    );
  });
  return nodes;
}

/** Panels of at most one width over some intervals, less what lies in another interval. */
function panelsOf(
  intervals: readonly (readonly [number, number])[],
  less: readonly [number, number] | readonly [],
  width: number,
): [number, number][] {
  const [low = Infinity, high = Infinity] = less;
  return intervals
    .flatMap(([from, to]) => [[from, Math.min(to, low)] as const, [Math.max(from, high), to] as const])
    .flatMap(([from, to]) => {
      const count = to > from ? Math.ceil((to - from) / width) : 0;
      return Array.from({ length: count }, (_, i): [number, number] => [
        from + ((to - from) * i) / count,
        from + ((to - from) * (i + 1)) / count,
      ]);
    });
}
