import { isDeepStrictEqual } from 'node:util';
import { check, checkKeys, checkOneOf } from '../core/check.js';
import { BudgetError } from '../core/errors.js';
import { describeEvent, type PrivacyEvent } from '../core/events.js';
import { accountants, defaultAccountant } from './accountants.js';
import { epsilonOf, gaussianSteps, type AccountantChoice, type GaussianSettings } from './epsilon.js';
import { rdp } from './rdp.js';

/** What noise is sought for. */
export interface CalibrationTarget extends AccountantChoice {
  /** The budget: no result spends more than this (by the upper bound of the accountant). */
  readonly epsilon: number;
  readonly delta: number;
  /** How far below the budget the result may stay, in units of epsilon; default a ten-thousandth of the budget. */
  readonly tolerance?: number;
  /**
   * `fast` (default), or `reference`: doubling from 20 and bisection from 0, whose results are dyadic numbers, with a
   * tolerance of 0.01 unless one is given. Pass `orders: 'reference'` and `accountant: 'rdp'` too for its numbers.
   */
  readonly search?: 'fast' | 'reference';
  /** Names of the parts of a composed event, for the message when its fixed parts alone exceed the budget. */
  readonly names?: readonly string[];
}

const largest = 1e8;
const smallest = 0.01;
const asked = 'noiseMultiplier';

/**
 * The least noise multiplier whose event stays within a budget, always on the safe side: the upper epsilon of the
 * returned value is at most the target. `eventFor` must spend less with more noise; it may hold fixed parts as well.
 * Throws `BudgetError` when no noise multiplier up to 1e8 is enough, with the cost of each fixed part.
 *
 * @example calibrate((z) => composedEvent([gaussianEvent(50), gaussianEvent(z)]), { epsilon: 1, delta: 1e-5 })
 */
export function calibrate(eventFor: (noiseMultiplier: number) => PrivacyEvent, target: CalibrationTarget): number {
  const { epsilon: budget, delta, search = 'fast', names, ...rest } = target;
  checkKeys(asked, target, ['epsilon', 'delta', 'tolerance', 'search', 'names', 'accountant', 'orders']);
  check('positive', asked, { epsilon: budget });
  check('probability', asked, { delta });
  checkOneOf(asked, 'search', search, ['fast', 'reference']);
  const { tolerance = search === 'reference' ? 0.01 : 1e-4 * budget, ...choice } = rest;
  check('positive', asked, { tolerance });

  const accountant = accountants.get(choice.accountant ?? defaultAccountant(eventFor(1)));
  const bracket = (z: number) => accountant.epsilon(eventFor(z), delta, choice).upper;
  // The upper end alone may differ from that of the bracket in the last digits.
  const upper = (z: number) => {
    const alone = accountant.upper?.(eventFor(z), delta, choice);
    return alone === undefined ? bracket(z) : alone * (1 + 1e-12);
  };
  try {
    if (search === 'reference') return dyadic(bracket, budget, tolerance);
    const start = accountant.upper ? guessByRdp(eventFor, budget, delta) : undefined;
    return secant(upper, budget, tolerance, start);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const fixed = costOfFixedParts(eventFor, names ?? [], delta, choice);
    throw unreachable(budget, error.spent, fixed);
  }
}

/** Options of `noiseMultiplier`. */
export type NoiseMultiplierOptions = CalibrationTarget & GaussianSettings;

/**
 * The noise multiplier of `steps` Gaussian releases at a sampling rate that spends a budget; see `calibrate`.
 *
 * @example
 * noiseMultiplier({ epsilon: 10, delta: 1.67e-6, sampleRate: 1 / 14, steps: 2100, accountant: 'rdp' })   // 1.993…
 */
export function noiseMultiplier(options: NoiseMultiplierOptions): number {
  const { sampleRate = 1, steps = 1, ...target } = options;
  check('fraction', asked, { sampleRate });
  check('count', asked, { steps });
  return calibrate((z) => gaussianSteps(z, sampleRate, steps), target);
}

/** No noise multiplier keeps the budget; the largest one spends this. */
class Unreachable extends Error {
  constructor(readonly spent: number) {
    super('unreachable');
  }
}

/** The reference's search; its result is a multiple of a power of two. */
function dyadic(spent: (z: number) => number, budget: number, tolerance: number): number {
  let high = 20;
  let spentHigh = spent(high);
  while (spentHigh > budget) {
    high *= 2;
    if (high > largest) throw new Unreachable(spentHigh);
    spentHigh = spent(high);
  }
  let low = 0;
  while (budget - spentHigh > tolerance && high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    const spentMiddle = spent(middle);
    if (spentMiddle < budget) [high, spentHigh] = [middle, spentMiddle];
    else low = middle;
  }
  return high;
}

/** What the cheaper RDP finds: enough noise for any accountant that is tighter, and not much more. */
function guessByRdp(eventFor: (z: number) => PrivacyEvent, budget: number, delta: number): number | undefined {
  if (rdp.refuses(eventFor(1)) !== undefined) return undefined;
  try {
    return secant((z) => rdp.epsilon(eventFor(z), delta).upper, budget, 1e-3 * budget);
  } catch (error) {
    if (error instanceof Unreachable) return undefined;
    throw error;
  }
}

/** Secant steps in ln z and ln epsilon, which depend on one another almost linearly, with bisection as a safeguard. */
function secant(spent: (z: number) => number, budget: number, tolerance: number, start?: number): number {
  let { low, high, spentLow, spentHigh } = bracketOf(spent, budget, start);
  const aim = Math.log(Math.max(budget - tolerance / 2, budget / 2));
  let width = Infinity;
  for (let round = 0; round < 200 && budget - spentHigh > tolerance; round++) {
    const [a, b] = [Math.log(low), Math.log(high)];
    const drop = Math.log(spentLow) - Math.log(spentHigh);
    // An accountant's own grid may make its epsilon jump; nothing is found between the two sides of a jump.
    if (b - a < 1e-14 || (b - a < 1e-6 && drop > 1000 * (b - a))) break;
    const share = (Math.log(spentLow) - aim) / drop;
    const halved = b - a <= width / 2;
    width = b - a;
    const place = halved && share > 0 && share < 1 ? Math.min(0.999, Math.max(0.001, share)) : 0.5;
    const z = Math.exp(a + (b - a) * place);
    const epsilon = spent(z);
    if (epsilon <= budget) [high, spentHigh] = [z, epsilon];
    else [low, spentLow] = [z, epsilon];
  }
  return high;
}

/** Two noise multipliers, one too small and one large enough; the least allowed one when even that is enough. */
function bracketOf(spent: (z: number) => number, budget: number, start?: number) {
  // With a good start the two are near it.
  let factor = start === undefined ? 4 : 1.1;
  let [low, high] = [start ?? 1, start ?? 1];
  const first = spent(high);
  let [spentLow, spentHigh] = [first, first];
  for (; spentHigh > budget; factor = Math.min(4, factor * factor)) {
    [low, spentLow] = [high, spentHigh];
    high *= factor;
    if (high > largest) throw new Unreachable(spentHigh);
    spentHigh = spent(high);
  }
  for (; spentLow <= budget && low > smallest; factor = Math.min(4, factor * factor)) {
    [high, spentHigh] = [low, spentLow];
    low /= factor;
    spentLow = spent(low);
  }
  return spentLow <= budget ? { low, high: low, spentLow, spentHigh: budget } : { low, high, spentLow, spentHigh };
}

/** What the parts of a composed event that no noise changes cost, each by itself. */
function costOfFixedParts(
  eventFor: (z: number) => PrivacyEvent,
  names: readonly string[],
  delta: number,
  choice: AccountantChoice,
): string[] {
  const [one, other] = [eventFor(1), eventFor(2)];
  if (one.kind !== 'composed' || other.kind !== 'composed') return [];
  return one.events.flatMap((event, i) => {
    if (!isDeepStrictEqual(event, other.events[i])) return [];
    const { upper } = epsilonOf(event, delta, choice);
    return [`${names[i] ?? describeEvent(event)} costs ${Number(upper.toPrecision(6))}`];
  });
}

function unreachable(budget: number, spent: number, fixed: readonly string[]): BudgetError {
  const parts = fixed.length > 0 ? `Of the fixed parts, each by itself, ${fixed.join('; ')}. ` : '';
  return new BudgetError({
    asked,
    wrong: 'no noise multiplier up to 1e8 keeps the budget',
    got: `epsilon ${Number(spent.toPrecision(6))} with the largest`,
    expected: `at most ${budget}`,
    next: `${parts}Raise epsilon or delta, or spend less on the fixed parts of the plan.`,
  });
}
