import { exactly, type EpsilonBracket } from './contract.js';
import { composeLosses } from './pld-compose.js';
import { epsilonAbove, epsilonBelow } from './pld-epsilon.js';
import { discretise } from './pld-grid.js';
import {
  cappedAt,
  guessFor,
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

/** Width of the bracket, relative to epsilon: what is aimed at, and what is promised; or so much in all. */
const aimed = 0.004;
const promised = 0.01;
const promisedAbsolutely = 0.004;

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

/** Makes the grid finer until the bracket is narrow or the grid as large as it may be. */
function refine(setting: Setting, plan: Plan): EpsilonBracket {
  let [lower, upper] = [0, Infinity];
  for (let [fineness, round] = [1, 1]; ; round++) {
    const bracket = bracketAt(setting, plan, fineness);
    [lower, upper] = [Math.max(lower, bracket.lower), Math.min(upper, bracket.upper)];
    // Connected dots err by about twice as much as merged cells.
    const estimate = lower + (upper - lower) / 3;
    const wide = (upper - lower) / Math.max(promised * upper, promisedAbsolutely);
    if (!setting.withBelow || wide <= 1 || bracket.isFinest || round === 6) return { lower, estimate, upper };
    // The width falls with the square of the spacing, or slower where losses are not resolved yet.
    fineness *= upper === Infinity ? 2 : Math.min(8, Math.max(2, Math.sqrt(2 * wide)));
  }
}

function bracketAt({ parts, samples, cap, delta, withBelow }: Setting, plan: Plan, fineness: number) {
  const wanted = spacingFor(samples, plan, aimed * plan.guess) / fineness;
  let [spacing, range] = [wanted, windowFor(samples, plan, wanted)];
  const least = (range.top - range.bottom) / largestSize;
  if (spacing < least) [spacing, range] = [1.1 * least, windowFor(samples, plan, 1.1 * least)];
  const losses = parts.map(({ pair }) => discretise(pair, plan.direction, { spacing, cap, withBelow }));
  const above = parts.map(({ count }, i) => ({ losses: losses[i]!.above, count }));
  const below = parts.map(({ count }, i) => ({ losses: losses[i]!.below!, count }));
  const sums = composeLosses(withBelow ? [above, below] : [above], plan, range, spacing);
  return {
    lower: withBelow ? epsilonBelow(sums[1]!, delta) : 0,
    upper: epsilonAbove(sums[0]!, delta),
    isFinest: spacing > wanted,
  };
}
