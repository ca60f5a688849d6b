import { check, checkKeys, checkOneOf } from '../core/check.js';
import { DpbenchError, OptionError } from '../core/errors.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { ProgressTask } from '../core/progress.js';
import { SecureStream, type RandomStream } from '../core/rng.js';
import { clopperPearsonBound, gaussianBound, oneRunBound } from './audit-bounds.js';

/**
 * What is audited: a mechanism run on data in which canary i is present where `included[i]` says so. It returns a score for
 * each canary, the higher the more likely its presence: the product of what was released and what the canary would add.
 */
export type AuditedMechanism = (included: readonly boolean[]) => ArrayLike<number> | Promise<ArrayLike<number>>;

export interface AuditOptions {
  /** Delta of the claim, in (0, 1). */
  readonly delta: number;
  /** Epsilon of the claim; the result says whether it is refuted. */
  readonly claimed?: number;
  /** Default 0.95: the bound is wrong at most once in 20 audits. */
  readonly confidence?: number;
  /** More than 1: the mechanism runs once, with these canaries. Default 1: it runs many times. */
  readonly canaries?: number;
  /** Canaries to guess about in a single run, half of them in; default: every second one. Fix it before you look. */
  readonly guesses?: number;
  /** Runs of the mechanism with one canary; default 2000. Half of them choose the attack, half measure it. */
  readonly runs?: number;
  /** `clopper-pearson` (default) takes any mechanism, `gaussian` is tighter and true for Gaussian ones only. */
  readonly bound?: 'clopper-pearson' | 'gaussian';
  /** Makes the coins that put canaries in repeatable. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

const asked = 'dp.audit';

/** What an audit found. It draws itself. */
export class AuditResult implements Displayable {
  constructor(
    /** With the stated confidence, no (epsilon, delta)-guarantee with a smaller epsilon is true. */
    readonly epsilonLower: number,
    readonly delta: number,
    readonly confidence: number,
    readonly method: 'one run' | 'many runs, Clopper-Pearson' | 'many runs, Gaussian',
    /** What was counted: right guesses, or true and false positives. */
    readonly counts: Readonly<Record<string, number>>,
    readonly claimed?: number,
  ) {}

  /** True when the claimed epsilon cannot be true, at the stated confidence. */
  get refuted(): boolean {
    return this.claimed !== undefined && this.epsilonLower > this.claimed;
  }

  toString(): string {
    const { epsilonLower, delta, confidence, method, counts, claimed, refuted } = this;
    const numbers = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    const verdict =
      claimed === undefined ? '' : ` The claimed epsilon ${claimed} is ${refuted ? 'REFUTED' : 'not refuted'}.`;
    const bound = Number(epsilonLower.toPrecision(4));
    return `Audit (${method}): epsilon is at least ${bound} at delta ${delta}, confidence ${confidence} (${numbers.join(', ')}).${verdict}`;
  }

  [displaySymbol](): MimeBundle {
    return { 'text/plain': this.toString(), 'text/html': `<div>${escapeHtml(this.toString())}</div>` };
  }
}

/**
 * A lower bound on epsilon by attack: tries to tell which canaries were in, and turns the success into numbers. A bound
 * above the claimed epsilon shows that the mechanism is broken; one below shows nothing but that this attack failed.
 *
 * With `canaries` above 1 the mechanism runs once (Steinke, Nasr, Jagielski 2023); with one canary it runs `runs` times, the
 * first half to choose the threshold and the second to measure it.
 *
 * @example
 * // Gaussian noise of multiplier 2 on a sum: epsilon 1.993 at delta 1e-5.
 * const noise = new SecureStream();
 * const sum = (included: readonly boolean[]) => included.map((is) => Number(is) + 2 * noise.normal());
 * await dp.audit(sum, { delta: 1e-5, claimed: 1.993, canaries: 1000 });   // not refuted; with 0.25 * normal it is
 * @throws OptionError for options out of range, DpbenchError when the mechanism gives no score for each canary.
 */
export async function audit(mechanism: AuditedMechanism, options: AuditOptions): Promise<AuditResult> {
  const { delta, claimed, confidence = 0.95, canaries = 1, runs = 2000, bound = 'clopper-pearson' } = options;
  const known = ['delta', 'claimed', 'confidence', 'canaries', 'guesses', 'runs', 'bound', 'seed', 'signal'];
  checkKeys(asked, options, known);
  check('probability', asked, { delta, confidence });
  check('count', asked, { canaries, runs });
  if (claimed !== undefined) check('notNegative', asked, { claimed });
  checkOneOf(asked, 'bound', bound, ['clopper-pearson', 'gaussian']);
  // Nothing secret hangs on these coins; by default they are fresh all the same, so that an audit can be repeated.
  const coins = new SecureStream(options.seed);
  return canaries > 1
    ? oneRun(mechanism, { ...options, confidence, canaries }, coins)
    : manyRuns(mechanism, { ...options, confidence, runs, bound }, coins);
}

async function oneRun(
  mechanism: AuditedMechanism,
  options: AuditOptions & { readonly canaries: number; readonly confidence: number },
  coins: RandomStream,
): Promise<AuditResult> {
  const { canaries, delta, confidence, claimed, guesses: wanted = 2 * Math.ceil(canaries / 4) } = options;
  if (!(Number.isInteger(wanted / 2) && wanted >= 2 && wanted <= canaries))
    throw new OptionError({
      asked,
      wrong: 'guesses is out of range',
      got: wanted,
      expected: `an even number from 2 to the number of canaries (${canaries})`,
    });
  const included = flip(canaries, coins);
  const scores = await scoresOf(mechanism, included);
  const order = [...included.keys()].sort((a, b) => scores[a]! - scores[b]!);
  const out = order.slice(0, wanted / 2).filter((canary) => !included[canary]).length;
  const correct = out + order.slice(-wanted / 2).filter((canary) => included[canary]).length;
  const lower = oneRunBound({ canaries, guesses: wanted, correct, delta }, confidence);
  return new AuditResult(lower, delta, confidence, 'one run', { canaries, guesses: wanted, correct }, claimed);
}

async function manyRuns(
  mechanism: AuditedMechanism,
  options: AuditOptions & Required<Pick<AuditOptions, 'runs' | 'bound' | 'confidence'>>,
  coins: RandomStream,
): Promise<AuditResult> {
  const { runs, bound, delta, confidence, claimed, signal } = options;
  const included = flip(runs, coins);
  const scores: number[] = [];
  const task = new ProgressTask('auditing', runs, signal);
  for (const [run, isIn] of included.entries()) {
    scores.push((await scoresOf(mechanism, [isIn]))[0]!);
    task.report({ step: run + 1 });
    await task.pause();
  }
  task.done();
  const boundOf = bound === 'gaussian' ? gaussianBound : clopperPearsonBound;
  const half = Math.floor(runs / 2);
  const guessesAt = (threshold: number, from: number, to: number) => {
    const counts = { truePositives: 0, runsWith: 0, falsePositives: 0, runsWithout: 0 };
    for (let run = from; run < to; run++) {
      const saidIn = Number(scores[run]! >= threshold);
      if (included[run]) [counts.runsWith, counts.truePositives] = [counts.runsWith + 1, counts.truePositives + saidIn];
      else [counts.runsWithout, counts.falsePositives] = [counts.runsWithout + 1, counts.falsePositives + saidIn];
    }
    return counts;
  };
  // The threshold is chosen on runs that do not measure it, else the bound would be of the luckiest of many attacks.
  const candidates = quantiles(scores.slice(0, half), 40);
  const value = (threshold: number) => boundOf({ ...guessesAt(threshold, 0, half), delta }, confidence);
  const threshold = candidates.reduce((best, next) => (value(next) > value(best) ? next : best));
  const counts = guessesAt(threshold, half, runs);
  const lower = boundOf({ ...counts, delta }, confidence);
  const name = bound === 'gaussian' ? 'many runs, Gaussian' : 'many runs, Clopper-Pearson';
  return new AuditResult(lower, delta, confidence, name, { runs, ...counts }, claimed);
}

const flip = (count: number, coins: RandomStream): boolean[] =>
  Array.from({ length: count }, () => coins.integer(2) === 1);

function quantiles(values: readonly number[], count: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return Array.from({ length: count }, (_, i) => sorted[Math.floor(((i + 0.5) / count) * sorted.length)]!);
}

async function scoresOf(mechanism: AuditedMechanism, included: readonly boolean[]): Promise<ArrayLike<number>> {
  const scores = await mechanism(included);
  if (scores.length === included.length && Array.from(scores).every(Number.isFinite)) return scores;
  throw new DpbenchError({
    asked,
    wrong: 'the mechanism must give a finite score for each canary',
    got: Array.from(scores).slice(0, 5),
    expected: `${included.length} finite numbers`,
  });
}
