import type { OutputPair } from './pld-pair.js';

/** Releases of one kind, as the accountant sees them. */
export interface RepeatedPair {
  readonly pair: OutputPair;
  readonly count: number;
}

/** 1: a record is removed (outputs of P, loss ln P/Q); -1: one is added (outputs of Q, loss ln Q/P). */
export type Direction = 1 | -1;

/** What to compute for one direction. All of it only decides how good the bracket gets, never whether it is true. */
export interface Plan {
  readonly direction: Direction;
  /** An upper bound of epsilon (by the order of the RDP that suits best), up to the accuracy of the plan. */
  readonly guess: number;
  /** The losses are weighted by exp(theta * loss), which moves them to where epsilon is. */
  readonly theta: number;
  /** ln E[exp(theta * loss)] of each part. */
  readonly logMoments: readonly number[];
}

/** Where the weighted sum of losses lies, but for a negligible part of it. */
export interface Window {
  readonly bottom: number;
  readonly top: number;
  /** Changes of theta whose Chernoff bounds show that. */
  readonly upwards: number;
  readonly downwards: number;
}

/** Losses of one release at some outputs, with the logarithms of their weights under P and Q. */
export interface Sample {
  readonly losses: Float64Array;
  readonly logP: Float64Array;
  readonly logQ: Float64Array;
  readonly count: number;
}

/** What may lie outside the window, under the weights. Delta may be a thousand times smaller than its Chernoff bound. */
const outsideWindow = 1e-11;

/** Samples each pair coarsely. */
export function sampleOf({ pair, count }: RepeatedPair): Sample {
  const wanted = Math.ceil(((pair.to - pair.from) * pair.steepness) / 1.5);
  const length = pair.to > pair.from ? Math.min(4000, Math.max(300, wanted)) : 0;
  const width = (pair.to - pair.from) / length;
  const all = length + pair.atoms.length;
  const sample = { losses: new Float64Array(all), logP: new Float64Array(all), logQ: new Float64Array(all), count };
  const seen = new Float64Array(3);
  for (let i = 0; i < length; i++) {
    pair.look(pair.from + (i + 0.5) * width, seen);
    sample.losses[i] = seen[0]!;
    sample.logP[i] = Math.log(seen[1]! * width);
    sample.logQ[i] = Math.log(seen[2]! * width);
  }
  pair.atoms.forEach(({ loss, p, q }, i) => {
    sample.losses[length + i] = loss;
    sample.logP[length + i] = Math.log(p);
    sample.logQ[length + i] = Math.log(q);
  });
  return sample;
}

/** ln E[exp(t * loss)] of one release in one direction. */
function logMoment(sample: Sample, direction: Direction, t: number): number {
  const logWeights = direction === 1 ? sample.logP : sample.logQ;
  const slope = t * direction;
  let largest = -Infinity;
  for (let i = 0; i < logWeights.length; i++) largest = Math.max(largest, logWeights[i]! + slope * sample.losses[i]!);
  let sum = 0;
  for (let i = 0; i < logWeights.length; i++) sum += Math.exp(logWeights[i]! + slope * sample.losses[i]! - largest);
  return largest + Math.log(sum);
}

/** ln of the largest value of exp(-theta l) (1 - exp(-l)) over l > 0. */
export const logLargestShare = (theta: number): number =>
  theta > 1e4 ? -1 - Math.log(theta + 0.5) : theta * Math.log(theta) - (theta + 1) * Math.log1p(theta);

/**
 * The theta at which Chernoff's bound of delta is best, which is the best order of the RDP less one, and the bound of
 * epsilon at that order.
 */
function bestTheta(moment: (t: number) => number, delta: number): { theta: number; guess: number } {
  const bound = (theta: number) => (moment(theta) + logLargestShare(theta) - Math.log(delta)) / theta;
  const theta = Math.exp(minimiser((log) => bound(Math.exp(log)), Math.log(1e-4), Math.log(1e8), 48));
  return { theta, guess: bound(theta) };
}

const momentOf = (samples: readonly Sample[], direction: Direction) => (t: number) =>
  samples.reduce((sum, sample) => sum + sample.count * logMoment(sample, direction, t), 0);

/** An upper bound of epsilon, up to the accuracy of the samples. */
export const guessFor = (samples: readonly Sample[], direction: Direction, delta: number): number =>
  bestTheta(momentOf(samples, direction), delta).guess;

/** The samples without the losses that are larger than `cap` in either direction. */
export const cappedAt = (samples: readonly Sample[], cap: number): Sample[] =>
  samples.map(({ losses, logP, logQ, count }) => ({
    losses,
    logP: logP.map((log, k) => (losses[k]! > cap ? -Infinity : log)),
    logQ: logQ.map((log, k) => (losses[k]! < -cap ? -Infinity : log)),
    count,
  }));

/** How to weigh the losses. */
export function planFor(samples: readonly Sample[], direction: Direction, delta: number): Plan {
  const { theta, guess } = bestTheta(momentOf(samples, direction), delta);
  return planAt(samples, direction, delta, theta, guess);
}

/** The same once a better bound of epsilon is known: the theta at which Chernoff's bound of delta is best there. */
export function planAgain(samples: readonly Sample[], { direction }: Plan, delta: number, epsilon: number): Plan {
  const moment = momentOf(samples, direction);
  const bound = (log: number) => moment(Math.exp(log)) + logLargestShare(Math.exp(log)) - Math.exp(log) * epsilon;
  const theta = Math.exp(minimiser(bound, Math.log(1e-4), Math.log(1e8), 48));
  return planAt(samples, direction, delta, theta, epsilon);
}

function planAt(samples: readonly Sample[], direction: Direction, delta: number, best: number, guess: number): Plan {
  // Where losses have a largest value the best theta may be infinite; a smaller one weighs well enough.
  const theta = Math.min(best, (-20 * Math.log(delta)) / guess);
  return { direction, guess, theta, logMoments: samples.map((sample) => logMoment(sample, direction, theta)) };
}

/** The window of a plan: Chernoff's bounds, at changes of theta that the grid can still resolve. */
export function windowFor(samples: readonly Sample[], { direction, theta, guess }: Plan, spacing: number): Window {
  const moment = momentOf(samples, direction);
  const here = moment(theta);
  const logOutside = Math.log(outsideWindow);
  const reach = (side: number, tau: number) => (moment(theta + side * tau) - here - logOutside) / tau;
  // For a normal sum of deviation s the best tau is sqrt(-2 ln outside) / s; s from a small second difference.
  const small = theta * 0.01;
  const curvature = (moment(theta + small) - 2 * here + moment(theta - small)) / small ** 2;
  const scale = Math.log(Math.sqrt((-2 * logOutside) / Math.max(curvature, 1e-300)));
  const most = Math.log(0.5 / spacing);
  const best = (side: number) =>
    Math.exp(minimiser((log) => reach(side, Math.exp(log)), Math.min(scale, most) - 4, Math.min(scale + 3, most), 18));
  const [upwards, downwards] = [best(1), best(-1)];
  return {
    top: Math.max(reach(1, upwards), guess) + 2 * spacing,
    bottom: Math.min(-reach(-1, downwards), 0.9 * guess) - 2 * spacing,
    upwards,
    downwards,
  };
}

/**
 * The spacing of the grid at which the bracket is about `width` wide. Connected dots add at most spacing^2 / 6 (and
 * spacing * |loss|) to the variance of a loss, merged cells take away up to spacing^2 / 12 (and loss^2); a variance v
 * moves epsilon by (theta + 1) v / 2.
 */
export function spacingFor(samples: readonly Sample[], { direction, theta, logMoments }: Plan, width: number): number {
  const weights = samples.map((sample, i) =>
    (direction === 1 ? sample.logP : sample.logQ).map(
      (log, k) => sample.count * Math.exp(log + theta * direction * sample.losses[k]! - logMoments[i]!),
    ),
  );
  const error = (h: number) => {
    let variance = 0;
    samples.forEach(({ losses }, i) => {
      for (let k = 0; k < losses.length; k++) {
        const loss = Math.abs(losses[k]!);
        variance += weights[i]![k]! * (Math.min((h * h) / 6, loss * h) + Math.min((h * h) / 12, loss * loss));
      }
    });
    return ((theta + 1) / 2) * variance;
  };
  let [low, high] = [Math.log(1e-9), Math.log(Math.min(10, 0.7 / theta))];
  for (let round = 0; round < 30; round++) {
    const middle = (low + high) / 2;
    if (error(Math.exp(middle)) > width) high = middle;
    else low = middle;
  }
  return Math.exp(low);
}

/** Golden section search. */
function minimiser(f: (x: number) => number, from: number, to: number, rounds: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [from, to];
  let [left, right] = [b - golden * (b - a), a + golden * (b - a)];
  let [fLeft, fRight] = [f(left), f(right)];
  for (let round = 0; round < rounds; round++) {
    if (fLeft <= fRight) {
      [b, right, fRight] = [right, left, fLeft];
      left = b - golden * (b - a);
      fLeft = f(left);
    } else {
      [a, left, fLeft] = [left, right, fRight];
      right = a + golden * (b - a);
      fRight = f(right);
    }
  }
  return (a + b) / 2;
}
