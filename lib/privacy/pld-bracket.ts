import { exactly, type EpsilonBracket } from './contract.js';
import { composeLosses } from './pld-compose.js';
import { epsilonAbove, epsilonBelow } from './pld-epsilon.js';
import { discretise } from './pld-grid.js';
import {
  cappedAt,
  guessFor,
  planAgain,
  planFor,
  sampleOf,
  spacingFor,
  windowFor,
  type Plan,
  type RepeatedPair,
  type Sample,
} from './pld-plan.js';

/** Losses on the largest grid; more would take seconds and hundreds of MB. */
const largestSize = 2 ** 20;

/** Width of the bracket, relative to epsilon: what is aimed at, at first and then, and what is promised; or so much in all. */
const aimed = 0.004;
const coarseWidth = 0.05;
const promised = 0.01;
const promisedAbsolutely = 0.004;
const finestWidth = 1e-4;

/** Losses larger than epsilon by this much count as infinite above, and as just so large below. */
const margin = 6;

/** Output pairs whose losses add up, and how to look at them. */
interface Setting {
  readonly parts: readonly RepeatedPair[];
  readonly samples: readonly Sample[];
  readonly cap: number;
  readonly delta: number;
  readonly withBelow: boolean;
}

/**
 * The epsilon at which a composition of independent losses has a delta: a true bracket, of the worse of the two
 * directions. The outputs that the pairs leave out must have less probability than delta. Without `withBelow`, `lower` is
 * 0, at half the cost.
 */
export function bracketOf(parts: readonly RepeatedPair[], delta: number, withBelow = true): EpsilonBracket {
  const all = parts.map(sampleOf);
  const guesses = ([1, -1] as const).map((direction) => ({ direction, guess: guessFor(all, direction, delta) }));
  guesses.sort((a, b) => b.guess - a.guess);
  const [worse, other] = guesses;
  // A bound below 0 says that delta alone is enough.
  if (worse!.guess <= 0) return exactly(0);
  const cap = worse!.guess + margin;
  const setting = { parts, samples: cappedAt(all, cap), cap, delta, withBelow };
  const bracket = refine(setting, planFor(setting.samples, worse!.direction, delta));
  // Where the other direction's bound by RDP is lower already, it cannot change the bracket.
  if (1.001 * other!.guess <= bracket.upper) return bracket;
  const second = refine(setting, planFor(setting.samples, other!.direction, delta));
  const larger = (end: keyof EpsilonBracket) => Math.max(bracket[end], second[end]);
  return { lower: larger('lower'), estimate: larger('estimate'), upper: larger('upper') };
}

/**
 * A coarse grid finds out about how large epsilon is, a finer one its upper end, and yet finer ones, where that is needed,
 * the lower end. So the upper end is a continuous function of the noise almost everywhere, as calibration wants it.
 */
function refine(setting: Setting, first: Plan): EpsilonBracket {
  let plan = first;
  let width = coarseWidth * plan.guess;
  let before = Infinity;
  let { upper, isFinest } = boundsAt(setting, plan, { width, above: true, below: false });
  let lower = 0;
  // Where rare large losses decide, the plan's guess is far too large, and so is the first grid's epsilon.
  while (upper > 0 && (before === Infinity || upper < 0.7 * before) && !isFinest && width > finestWidth) {
    before = Math.min(upper, first.guess);
    width = Math.max(aimed * before, finestWidth);
    if (upper < 0.7 * first.guess) plan = planAgain(setting.samples, first, setting.delta, upper);
    const finer = boundsAt(setting, plan, { width, above: true, below: setting.withBelow });
    ({ lower, isFinest } = finer);
    upper = Math.min(upper, finer.upper);
  }
  for (let round = 0; setting.withBelow && upper < Infinity && !isFinest && round < 5; round++) {
    const wide = (upper - lower) / Math.max(promised * upper, promisedAbsolutely);
    if (wide <= 1) break;
    // The error falls with the square of the spacing, or slower where losses are not resolved yet.
    width /= Math.min(64, Math.max(4, 2 * wide));
    const finer = boundsAt(setting, plan, { width, above: round > 1, below: true });
    [lower, upper, isFinest] = [Math.max(lower, finer.lower), Math.min(upper, finer.upper), finer.isFinest];
  }
  // Connected dots err by about twice as much as merged cells.
  return { lower, estimate: lower + (upper - lower) / 3, upper };
}

/** Which ends to compute, on the grid that makes the bracket about so wide. */
interface Wanted {
  readonly width: number;
  readonly above: boolean;
  readonly below: boolean;
}

function boundsAt({ parts, samples, cap, delta }: Setting, plan: Plan, { width, above, below }: Wanted) {
  const wanted = spacingFor(samples, plan, width);
  let [spacing, range] = [wanted, windowFor(samples, plan, wanted)];
  const least = (range.top - range.bottom) / largestSize;
  if (spacing < least) [spacing, range] = [1.1 * least, windowFor(samples, plan, 1.1 * least)];
  const losses = parts.map(({ pair }) => discretise(pair, plan.direction, { spacing, cap, withBelow: below }));
  const sides = [
    ...(above ? [parts.map(({ count }, i) => ({ losses: losses[i]!.above, count }))] : []),
    ...(below ? [parts.map(({ count }, i) => ({ losses: losses[i]!.below!, count }))] : []),
  ];
  const sums = composeLosses(sides, plan, range, spacing);
  return {
    upper: above ? epsilonAbove(sums[0]!, delta) : Infinity,
    lower: below ? epsilonBelow(sums.at(-1)!, delta) : 0,
    isFinest: spacing > wanted,
  };
}
