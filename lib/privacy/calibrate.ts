import { check, checkKeys, checkOneOf } from '../core/check.js';
import { BudgetError } from '../core/errors.js';
import type { PrivacyEvent } from '../core/events.js';
import { epsilonOf, gaussianSteps, type AccountantChoice, type GaussianSettings } from './epsilon.js';

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
}

const largest = 1e6;
const smallest = 1e-4;
const asked = 'noiseMultiplier';

/**
 * The least noise multiplier whose event stays within a budget, always on the safe side: the upper epsilon of the
 * returned value is at most the target. `eventFor` must spend less with more noise; it may hold fixed parts as well.
 * Throws `BudgetError` when no noise multiplier up to 1e6 is enough.
 *
 * @example calibrate((z) => composedEvent([gaussianEvent(50), gaussianEvent(z)]), { epsilon: 1, delta: 1e-5 })
 */
export function calibrate(eventFor: (noiseMultiplier: number) => PrivacyEvent, target: CalibrationTarget): number {
  const { epsilon: budget, delta, search = 'fast', ...rest } = target;
  const known = ['epsilon', 'delta', 'tolerance', 'search', 'accountant', 'orders'];
  checkKeys(asked, target, known);
  check('positive', asked, { epsilon: budget });
  check('probability', asked, { delta });
  checkOneOf(asked, 'search', search, ['fast', 'reference']);
  const { tolerance = search === 'reference' ? 0.01 : 1e-4 * budget, ...choice } = rest;
  check('positive', asked, { tolerance });
  const spent = (z: number) => epsilonOf(eventFor(z), delta, choice).upper;
  return search === 'reference' ? dyadic(spent, budget, tolerance) : secant(spent, budget, tolerance);
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

/** The reference's search; its result is a multiple of a power of two. */
function dyadic(spent: (z: number) => number, budget: number, tolerance: number): number {
  let high = 20;
  let spentHigh = spent(high);
  while (spentHigh > budget) {
    high *= 2;
    if (high > largest) throw unreachable(budget, spentHigh);
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

/** Secant steps in ln z and ln epsilon, which depend on one another almost linearly, with bisection as a safeguard. */
function secant(spent: (z: number) => number, budget: number, tolerance: number): number {
  let { low, high, spentLow, spentHigh } = bracket(spent, budget);
  const aim = Math.log(Math.max(budget - tolerance / 2, budget / 2));
  let width = Infinity;
  for (let round = 0; round < 200 && budget - spentHigh > tolerance; round++) {
    const [a, b] = [Math.log(low), Math.log(high)];
    if (b - a < 1e-14) break;
    const share = (Math.log(spentLow) - aim) / (Math.log(spentLow) - Math.log(spentHigh));
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
function bracket(spent: (z: number) => number, budget: number) {
  let [low, high] = [1, 1];
  let [spentLow, spentHigh] = [spent(1), spent(1)];
  while (spentHigh > budget) {
    [low, spentLow] = [high, spentHigh];
    high *= 4;
    if (high > largest) throw unreachable(budget, spentHigh);
    spentHigh = spent(high);
  }
  while (spentLow <= budget && low > smallest) {
    [high, spentHigh] = [low, spentLow];
    low /= 4;
    spentLow = spent(low);
  }
  return spentLow <= budget ? { low, high: low, spentLow, spentHigh: budget } : { low, high, spentLow, spentHigh };
}

function unreachable(budget: number, spent: number): BudgetError {
  return new BudgetError({
    asked,
    wrong: 'no noise multiplier up to 1e6 keeps the budget',
    got: `epsilon ${Number(spent.toPrecision(6))} with the largest`,
    expected: `at most ${budget}`,
    next: 'Raise epsilon or delta, or spend less on the fixed parts of the plan.',
  });
}
