import FFT from 'fft.js';
import type { GridLosses } from './pld-pair.js';
import { logLargestShare, type Plan, type Window } from './pld-plan.js';

/** Independent losses of one kind, `count` times. */
export interface RepeatedLosses {
  readonly losses: GridLosses;
  readonly count: number;
}

/** The distribution of a sum of losses, weighted by exp(theta * loss - logMoment), with all that may be wrong with it. */
export interface ComposedLosses {
  /** The loss of masses[0]; the others follow at the spacing. */
  readonly bottom: number;
  readonly spacing: number;
  readonly masses: Float64Array;
  readonly theta: number;
  readonly logMoment: number;
  /** Probability that the sum is infinite (not weighted). */
  readonly infinity: number;
  /**
   * ln of what delta may be off by at epsilon 0: losses outside the window, which come back at its other side, and
   * rounding. At another epsilon subtract theta * epsilon.
   */
  readonly logError: number;
}

/**
 * Sums of losses by fast Fourier transform: spectra are raised to their counts and multiplied, two directions at once as
 * the real and imaginary part of one transform.
 *
 * The losses are weighted by exp(theta * loss) before, and weighted back after. A transform errs by about 1e-16 of the
 * largest number in it; without weights that is 1e-16 of probability 1 times the number of steps, so that a delta of
 * 1e-12 after 1e6 steps would be noise. With theta of the Chernoff bound the largest number is where epsilon is, and the
 * error is relative to delta itself. (As in saddle-point methods: Alghamdi et al. 2022, arXiv 2208.09595; weighting
 * before the transform: Wilson and Keich 2016. Composition by FFT: Koskela, Jaelkoe and Honkela 2020, arXiv 1906.03049.)
 */
export function composeLosses(
  sides: readonly (readonly RepeatedLosses[])[],
  plan: Plan,
  range: Window,
  spacing: number,
): ComposedLosses[] {
  const size = 2 ** Math.ceil(Math.log2((range.top - range.bottom) / spacing + 4));
  const weighted = sides.map((parts) => parts.map((part, i) => weigh(part, plan, range, i, spacing, size)));
  const products = sides.map(() => {
    const product = new Float64Array(size + 2);
    for (let i = 0; i < size + 2; i += 2) product[i] = 1;
    return product;
  });
  sides[0]!.forEach(({ count }, i) => {
    const spectra = transformTogether(weighted.map((parts) => parts[i]!.others));
    spectra.forEach((spectrum, side) => multiplyPower(products[side]!, spectrum, count));
  });
  const sums = transformBack(products, size);
  return sides.map((parts, side) => {
    const own = weighted[side]!;
    const sumOver = (value: (part: Weighted, i: number) => number) =>
      own.reduce((sum, part, i) => sum + parts[i]!.count * value(part, i), 0);
    const offset = sumOver((_, i) => parts[i]!.losses.offset);
    const first = Math.floor((range.bottom - offset) / spacing);
    const bottom = offset + first * spacing;
    const logMoment = sumOver((part) => part.logMoment);
    const above = sumOver((part) => part.logUp) - range.upwards * (bottom + (size - 1) * spacing);
    const below = sumOver((part) => part.logDown) + range.downwards * (bottom + spacing);
    const rounding = roundingError(
      sumOver((part) => part.otherMass),
      sumOver(() => 1),
      plan.theta * spacing,
      size,
    );
    return {
      bottom,
      spacing,
      masses: window(sums[side]!, first - sumOver((part) => part.centre), size),
      theta: plan.theta,
      logMoment,
      infinity: -Math.expm1(sumOver((_, i) => Math.log1p(-parts[i]!.losses.infinity))),
      logError: logMoment + logLargestShare(plan.theta) + Math.log(Math.exp(above) + Math.exp(below) + rounding),
    };
  });
}

/** Losses of one kind, weighted and relative to the heaviest, which counts 1 at place `centre`. */
interface Weighted {
  readonly centre: number;
  /** The others, folded into a circle around it. */
  readonly others: Float64Array;
  readonly otherMass: number;
  /** ln E[exp(theta * loss)], and with theta raised and lowered the logarithm of the ratio to that. */
  readonly logMoment: number;
  readonly logUp: number;
  readonly logDown: number;
}

/**
 * The heaviest loss is kept apart: where the others are rare, rounding is relative to them and not to 1, and stays small
 * even in the power of a million.
 */
function weigh(
  { losses }: RepeatedLosses,
  plan: Plan,
  range: Window,
  index: number,
  spacing: number,
  size: number,
): Weighted {
  const { offset, first, masses } = losses;
  const { theta } = plan;
  const { upwards, downwards } = range;
  const expected = plan.logMoments[index]!;
  const lossOf = (k: number) => offset + (first + k) * spacing;
  const [least, most] = [lossOf(0), lossOf(masses.length - 1)];
  const weights = masses.map((mass, k) => (mass === 0 ? 0 : mass * Math.exp(theta * lossOf(k) - expected)));
  const heaviest = weights.reduce((best, weight, k) => (weight > weights[best]! ? k : best), 0);
  const others = new Float64Array(size);
  let [otherMass, up, down] = [0, 0, 0];
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k]! / weights[heaviest]!;
    up += weight * Math.exp(upwards * (lossOf(k) - most));
    down += weight * Math.exp(downwards * (least - lossOf(k)));
    if (k === heaviest) continue;
    otherMass += weight;
    others[modulo(k - heaviest, size)]! += weight;
  }
  return {
    centre: first + heaviest,
    others,
    otherMass,
    logMoment: expected + Math.log(weights[heaviest]!) + Math.log1p(otherMass),
    logUp: upwards * most + Math.log(up) - Math.log1p(otherMass),
    logDown: -downwards * least + Math.log(down) - Math.log1p(otherMass),
  };
}

const modulo = (value: number, size: number) => ((value % size) + size) % size;

/** The masses in the order of their losses; index k of a sum stands for all losses equal to k modulo size. */
function window(sum: Float64Array, first: number, size: number): Float64Array {
  const start = modulo(first, size);
  const masses = new Float64Array(size);
  masses.set(sum.subarray(start), 0);
  masses.set(sum.subarray(0, start), size - start);
  for (let k = 0; k < size; k++) if (masses[k]! < 0) masses[k] = 0;
  return masses;
}

const transforms = new Map<number, FFT>();

/** Tables of sines for a size; the last few sizes are kept. */
function transformOf(size: number): FFT {
  const known = transforms.get(size);
  if (known) return known;
  if (transforms.size >= 6) transforms.clear();
  const made = new FFT(size);
  transforms.set(size, made);
  return made;
}

/** Spectra (places 0 to size / 2) of one or two real sequences by one complex transform. */
function transformTogether(sequences: readonly Float64Array[]): Float64Array[] {
  const size = sequences[0]!.length;
  const [data, all] = [new Float64Array(2 * size), new Float64Array(2 * size)];
  sequences.forEach((sequence, part) => {
    for (let k = 0; k < size; k++) data[2 * k + part] = sequence[k]!;
  });
  transformOf(size).transform(all, data);
  return sequences.map((_, part) => {
    const spectrum = new Float64Array(size + 2);
    for (let k = 0; k <= size / 2; k++) {
      const [i, j] = [2 * (k % size), 2 * ((size - k) % size)];
      const [re, im] = [all[i]!, all[i + 1]!];
      const [otherRe, otherIm] = [all[j]!, all[j + 1]!];
      spectrum[2 * k] = part === 0 ? (re + otherRe) / 2 : (im + otherIm) / 2;
      spectrum[2 * k + 1] = part === 0 ? (im - otherIm) / 2 : (otherRe - re) / 2;
    }
    return spectrum;
  });
}

/** Real sequences of one or two half spectra by one complex transform. */
function transformBack(spectra: readonly Float64Array[], size: number): Float64Array[] {
  const data = new Float64Array(2 * size);
  spectra.forEach((spectrum, part) => {
    for (let k = 0; k <= size / 2; k++) {
      const [re, im] = [spectrum[2 * k]!, spectrum[2 * k + 1]!];
      add(k, part, re, im);
      if (k > 0 && k < size / 2) add(size - k, part, re, -im);
    }
  });
  function add(k: number, part: number, re: number, im: number): void {
    data[2 * k]! += part === 0 ? re : -im;
    data[2 * k + 1]! += part === 0 ? im : re;
  }
  const out = new Float64Array(2 * size);
  transformOf(size).inverseTransform(out, data);
  return spectra.map((_, part) => {
    const sequence = new Float64Array(size);
    for (let k = 0; k < size; k++) sequence[k] = out[2 * k + part]!;
    return sequence;
  });
}

/** product *= ((1 + spectrum) / (1 + its value at 0)) ** count, number by number. */
function multiplyPower(product: Float64Array, spectrum: Float64Array, count: number): void {
  const logTotal = Math.log1p(spectrum[0]!);
  for (let i = 0; i < product.length; i += 2) {
    const [re, im] = [spectrum[i]!, spectrum[i + 1]!];
    const logModulus = count * (0.5 * Math.log1p(2 * re + re * re + im * im) - logTotal);
    // The negation also holds for a spectrum of exactly 0, whose logarithm is -Infinity or not a number.
    if (!(logModulus > -80)) {
      product[i] = product[i + 1] = 0;
      continue;
    }
    const modulus = Math.exp(logModulus);
    const angle = Math.atan2(im, 1 + re) * count;
    const [powerRe, powerIm] = [modulus * Math.cos(angle), modulus * Math.sin(angle)];
    const [a, b] = [product[i]!, product[i + 1]!];
    product[i] = a * powerRe - b * powerIm;
    product[i + 1] = a * powerIm + b * powerRe;
  }
}

/**
 * Bound of what rounding changes in a sum of masses that are weighted by at most 1, as delta weighs them. A transform errs
 * by at most 7 units of the last place times log2(size) in the 2-norm (Higham 2002, Theorem 24.2), a power by that times
 * its count. By Cauchy and Schwarz the sum errs by that times the 2-norm of the weights, which fall off over 1 / theta.
 * Masses of cells err by 2e-13 of themselves, the heaviest by 2e-15.
 */
function roundingError(otherMass: number, steps: number, decay: number, size: number): number {
  const transform = 8e-16 * Math.log2(size) * Math.sqrt(1 + 2 / decay);
  return steps * 2e-15 + otherMass * (2e-13 + transform) + transform;
}
