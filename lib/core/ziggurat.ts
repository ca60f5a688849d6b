/**
 * The normal distribution cut into 256 layers of equal area, for drawing from it with one random word in 99 of 100 cases.
 * Marsaglia and Tsang: The Ziggurat Method for Generating Random Variables, 2000; the place in a layer has 53 bits of its
 * own, independent of the layer's number (Doornik 2005), which the first version of the method lacked.
 */
export const layers = 256;

/** Where the tail begins, and the area of a layer: the pair for which the top layer ends at 0. */
const tailStart = 3.6541528853610088;
const layerArea = 0.004928673233974655;

/** Right end of each layer; the 0th stands for the lowest box and the tail together. */
export const ends = new Float64Array(layers + 1);
/** exp(-x^2 / 2) at each end. */
export const heights = new Float64Array(layers + 1);

const height = (x: number): number => Math.exp(-0.5 * x * x);

ends[0] = layerArea / height(tailStart);
ends[1] = tailStart;
for (let i = 2; i < layers; i++) ends[i] = Math.sqrt(-2 * Math.log(layerArea / ends[i - 1]! + height(ends[i - 1]!)));
ends[layers] = 0;
for (let i = 0; i <= layers; i++) heights[i] = height(ends[i]!);

/**
 * What is left of the method where a layer sticks out of the curve: the distance from 0 to return, or undefined to draw
 * again. `x` is the place in layer `layer`; `uniform` gives numbers in [0, 1).
 */
export function outsideTheBox(layer: number, x: number, uniform: () => number): number | undefined {
  if (layer > 0) {
    const y = heights[layer]! + uniform() * (heights[layer + 1]! - heights[layer]!);
    return y < height(x) ? x : undefined;
  }
  // Marsaglia 1964: the tail beyond `tailStart` by two exponentials.
  for (;;) {
    const beyond = -Math.log(1 - uniform()) / tailStart;
    const bound = -Math.log(1 - uniform());
    if (2 * bound > beyond * beyond) return tailStart + beyond;
  }
}
