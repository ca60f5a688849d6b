import type { Images } from '../core/images.js';
import type { Parameters, ParameterValues, Scale } from '../core/options.js';
import type { Named } from '../core/registry.js';
import type { SeededStream } from '../core/rng.js';
import type { PublicDataset } from '../data/contract.js';
import type { Mechanisms, PlannedRelease, PublicFacts } from '../mechanisms/index.js';

/** Where a method comes from. */
export interface Paper {
  readonly title: string;
  readonly authors: string;
  readonly year: number;
  readonly url: string;
}

/** What a method gets to train with. Private rows are behind `mechanisms`; all else is public. */
export interface FitContext<Values> {
  readonly mechanisms: Mechanisms;
  readonly facts: PublicFacts;
  readonly params: Values;
  /** Repeatable randomness for weights and latents; never for noise. */
  readonly stream: SeededStream;
  readonly publicDataset?: PublicDataset;
  readonly signal?: AbortSignal;
  /** Gives back what it gets (tensors, networks, optimizers), which is disposed when the run is over, however it ends. */
  readonly own: <T extends { dispose(): void }>(disposable: T) => T;
  /**
   * Tell the harness how training goes: `sample` draws images for the given labels from the model as it is now. The
   * harness decides when it looks.
   */
  readonly onSnapshot: (
    at: { step: number; steps: number },
    sample: (labels: Uint8Array) => Promise<Images>,
  ) => Promise<void>;
}

/** A trained model: all that sampling needs, nothing private in it; what it holds is given to `own`. */
export interface FittedModel {
  /** One image for each label. */
  sample(labels: Uint8Array, stream: SeededStream): Promise<Images>;
}

/**
 * A method of DP image synthesis, in one file: header, parameters, privacy, fit, sample.
 * `spends` states before anything runs what will be released; the harness finds the noise for the requested epsilon,
 * and a run whose ledger differs from the plan fails.
 */
export interface Method<P extends Parameters = Parameters, Id extends string = string> extends Named {
  readonly id: Id;
  readonly title: string;
  readonly paper: Paper;
  readonly params: P;
  /** Images that a run synthesises when the caller does not say. */
  readonly samples: Readonly<Record<Scale, number>>;
  spends(params: ParameterValues<P>, facts: PublicFacts): readonly PlannedRelease[];
  fit(context: FitContext<ParameterValues<P>>): Promise<FittedModel>;
}

/**
 * Types a method and gives it as a member of the registry.
 *
 * @example export const dpMerf = defineMethod({ id: 'dp-merf', …, spends: (params, facts) => [gaussian({ … })], … });
 */
export function defineMethod<const P extends Parameters, const Id extends string>(
  method: Method<P, Id>,
): Method<P, Id> {
  return method;
}

/** A method whose parameter types are not known, as registries hold it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters differ from method to method
export type AnyMethod = Method<any>;
