import type { LabeledImages } from '../../lib/core/images.js';
import { SecureStream } from '../../lib/core/rng.js';
import { Mechanisms, Sensitive, type PlannedRelease, type SensitiveImages } from '../../lib/mechanisms/index.js';
import { Ledger } from '../../lib/privacy/index.js';
import type { Tensor2D, Tensor4D } from '../../lib/tensor/index.js';

/** Records of a tiny private dataset: a brightness from 0 to 255 and a class. */
export type Toy = readonly (readonly [brightness: number, label: number])[];

export const classes = ['a', 'b'];

export function rowsOf(toy: Toy): LabeledImages {
  return {
    data: Uint8Array.from(toy, ([brightness]) => brightness),
    labels: Uint8Array.from(toy, ([, label]) => label),
    count: toy.length,
    height: 1,
    width: 1,
    channels: 1,
  };
}

/** Seals records; `size` is the public N, which stays the same when one record is taken away. */
export function sealed(toy: Toy, size = toy.length): SensitiveImages {
  return Sensitive.seal(rowsOf(toy), { name: 'toy', size, classes, shape: { height: 1, width: 1, channels: 1 } });
}

/** All datasets with one record less. */
const withoutOne = (toy: Toy): Toy[] => toy.map((_, i) => toy.filter((_, j) => j !== i));

/** Noise so small that what is released is what was computed; repeatable, and therefore not private. */
export const negligible = 1e-6;

export function mechanismsOn(
  toy: Toy,
  plan: readonly PlannedRelease[],
  { size = toy.length, noiseMultiplier = 1, seed = 1, ledger = new Ledger({ delta: 1e-5, accountant: 'rdp' }) } = {},
): { mechanisms: Mechanisms; ledger: Ledger } {
  const options = { sensitive: sealed(toy, size), plan, noiseMultiplier, ledger };
  return { mechanisms: new Mechanisms({ ...options, noise: new SecureStream(seed) }), ledger };
}

/** One feature: 2 where the record is bright, so that clipping to 1 has something to do; 0.3 where it is dark. */
export const brightness = {
  features: (images: Tensor4D) => images.reshape([-1, 1]).round().mul(1.7).add(0.3) as Tensor2D,
  dimension: 1,
  clipNorm: 1,
};

export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(...Array.from(a, (value, i) => value - b[i]!));

/** The largest distance of a release on a dataset to the release on one with a record less. */
export async function largestChange(toy: Toy, release: (toy: Toy) => Promise<ArrayLike<number>>): Promise<number> {
  const whole = await release(toy);
  const distances: number[] = [];
  for (const fewer of withoutOne(toy)) distances.push(distance(whole, await release(fewer)));
  return Math.max(...distances);
}

/** Twelve records, bright and dark, of unbalanced classes. */
export const twelve: Toy = [255, 255, 0, 255, 0, 0, 255, 0, 255, 255, 0, 255].map((b, i) => [b, i < 9 ? 0 : 1]);
