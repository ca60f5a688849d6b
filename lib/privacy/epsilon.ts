import { check, checkKeys } from '../core/check.js';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent, type PrivacyEvent } from '../core/events.js';
import { accountants, defaultAccountant, type AccountantId } from './accountants.js';
import type { AccountantOptions, EpsilonBracket } from './contract.js';

/** A Gaussian mechanism as numbers. */
export interface GaussianSettings {
  /** Probability that a record is in one batch, in (0, 1]; default 1. */
  readonly sampleRate?: number;
  /** Releases (training steps), default 1. */
  readonly steps?: number;
  /** In (0, 1). */
  readonly delta: number;
}

/** Which accountant, and how; by default pld, or rdp where pld refuses the event. */
export interface AccountantChoice extends AccountantOptions {
  readonly accountant?: AccountantId;
}

export interface EpsilonOptions extends GaussianSettings, AccountantChoice {
  /** Standard deviation of the noise divided by the L2 sensitivity, above 0. */
  readonly noiseMultiplier: number;
}

/**
 * The epsilon that a mechanism spends, as a bracket around the true value; `upper` is the guarantee.
 * Throws `OptionError` for a number out of range and `BudgetError` when the accountant cannot take the mechanism.
 *
 * @example
 * epsilon({ noiseMultiplier: 1, sampleRate: 0.01, steps: 1000, delta: 1e-5, accountant: 'rdp' }).upper   // 2.1014
 */
export function epsilon(options: EpsilonOptions): EpsilonBracket & { accountant: string } {
  const { noiseMultiplier, sampleRate = 1, steps = 1, delta, ...choice } = options;
  checkKeys('epsilon', options, ['noiseMultiplier', 'sampleRate', 'steps', 'delta', 'accountant', 'orders']);
  check('positive', 'epsilon', { noiseMultiplier });
  check('fraction', 'epsilon', { sampleRate });
  check('count', 'epsilon', { steps });
  check('probability', 'epsilon', { delta });
  return epsilonOf(gaussianSteps(noiseMultiplier, sampleRate, steps), delta, choice);
}

/** The epsilon of any event, with the name of the accountant that computed it. */
export function epsilonOf(
  event: PrivacyEvent,
  delta: number,
  { accountant = defaultAccountant(event), ...options }: AccountantChoice = {},
): EpsilonBracket & { accountant: string } {
  return { ...accountants.get(accountant).epsilon(event, delta, options), accountant };
}

/** What one accountant says of an event, or the part of it that it refuses. */
export type AccountantAnswer =
  | (EpsilonBracket & { readonly accountant: string; readonly refused?: undefined })
  | { readonly accountant: string; readonly refused: string };

/**
 * The epsilon of an event by several accountants, for a table; those that cannot take it say which part they refuse.
 *
 * @example epsilonByAccountant(gaussianEvent(1), 1e-5, ['pld', 'rdp'])   // [{ accountant: 'pld', upper: 4.377… }, …]
 */
export function epsilonByAccountant(
  event: PrivacyEvent,
  delta: number,
  names: readonly AccountantId[] = accountants.names(),
  options: AccountantOptions = {},
): AccountantAnswer[] {
  return names.map((accountant) => {
    const refused = accountants.get(accountant).refuses(event);
    return refused === undefined ? epsilonOf(event, delta, { accountant, ...options }) : { accountant, refused };
  });
}

/** The event of `steps` Gaussian releases, each on a Poisson sample of the data (`sampleRate` 1: on all of it). */
export function gaussianSteps(noiseMultiplier: number, sampleRate: number, steps: number): PrivacyEvent {
  const release = gaussianEvent(noiseMultiplier);
  return selfComposedEvent(sampleRate === 1 ? release : poissonSampledEvent(sampleRate, release), steps);
}
