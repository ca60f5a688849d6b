import type { ImageShape, Images, LabeledImages } from '../core/images.js';
import type { Parameters, ParameterValues, Scale } from '../core/options.js';
import type { Named } from '../core/registry.js';
import type { SeededStream } from '../core/rng.js';
import type { PublicDataset } from '../data/contract.js';
import type { Mechanisms, PlannedRelease, PublicFacts } from '../mechanisms/index.js';
import type { NetworkParameters } from '../nn/parameters.js';
import type { Tensor } from '../tensor/index.js';

/** Where a method comes from. */
export interface Paper {
  readonly title: string;
  readonly authors: string;
  readonly year: number;
  readonly url: string;
}

/** Plain data that survive JSON: numbers are finite. */
export type PlainData =
  null | boolean | number | string | readonly PlainData[] | { readonly [name: string]: PlainData };

/** All that `fit` needs to go on from a step: weights, averages, the optimizer's moments; the step and other numbers. */
export interface SavedState {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly values: PlainData;
}

/**
 * Where a method keeps its state while it trains, so that a run that was stopped goes on from there.
 *
 * Random streams need no place in it: a method forks `stream` by step (`stream.fork('batch 17')`), so that a resumed run
 * draws what the uninterrupted one would have drawn; noise comes from a new key each time, as it must.
 *
 * @example
 * const saved = await checkpoint.load();
 * const first = saved ? restore(saved) + 1 : 1;
 * for (let step = first; step <= steps; step++) { …; await checkpoint.save(() => ({ tensors: parameters, values: { step } })); }
 */
export interface Checkpoint {
  /** What an earlier process of this run saved last; its tensors belong to the caller. */
  load(): Promise<SavedState | undefined>;
  /**
   * Call it at every step: it writes, and calls `state`, at most every 20 seconds; at once with `now`. The file holds the
   * values at the time of the call, whatever training does meanwhile.
   */
  save(state: () => SavedState, options?: { readonly now?: boolean }): Promise<void>;
}

/** Training on public data alone: costs no budget, and gives the same weights to every run that asks for the same. */
export interface Pretraining {
  /** What is trained, in a word or two: `denoiser`. */
  readonly of: string;
  /** Set to what training gives. */
  readonly parameters: NetworkParameters;
  readonly dataset: PublicDataset;
  /** All else that decides the weights, as JSON has it: sizes of the network, settings of the training, its seed. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * Trains, keeping its state in the given checkpoint.
   *
   * @returns false when a resumed run is past this stage already, and nothing was trained.
   */
  train(checkpoint: Checkpoint): Promise<boolean>;
}

/** Weights that were trained on public data, kept for other runs: many budgets share one pre-trained model. */
export interface PretrainedStore {
  /** Sets the parameters: to what was kept when the same was trained before, else by training, which is then kept. */
  take(pretraining: Pretraining): Promise<void>;
}

/** What is known of a dataset to train on before its images are there. */
export interface DatasetOutline {
  readonly name: string;
  readonly classes: readonly string[];
  readonly images: { readonly count: number; readonly labels: Uint8Array };
}

/** What a run begins with. */
export interface Beginning<Values> {
  readonly facts: Pick<PublicFacts, 'shape' | 'classes'>;
  readonly params: Values;
  readonly publicDataset?: DatasetOutline | undefined;
}

/** What training on public data alone gets: nothing in it is private. */
export interface PretrainContext<Values> {
  readonly facts: { readonly shape: ImageShape; readonly classes: readonly string[] };
  readonly params: Values;
  readonly publicDataset?: PublicDataset;
  readonly pretrained: PretrainedStore;
  readonly signal?: AbortSignal;
  /** Gives back what it gets (tensors, networks, optimizers), which is disposed when the run is over, however it ends. */
  readonly own: <T extends { dispose(): void }>(disposable: T) => T;
}

/**
 * Settings that a paper or its code published for some datasets, where they differ from the defaults of the scale `paper`: what is
 * run at that scale on these datasets.
 */
export interface PublishedSettings<Values> {
  /** Names of datasets, of which some may not be there yet. */
  readonly datasets: readonly string[];
  /** For budgets up to 5 (1) or above (10), as the reference chooses its files; for all when left out. */
  readonly epsilon?: 1 | 10;
  readonly params: Partial<Values>;
}

/** A method in a few words, for tables. */
export interface Summary<Values> {
  /** What it does, in a line. */
  readonly idea: string;
  /** What the noise falls on. */
  readonly noised: string;
  /** On how many numbers at once: of one release, or of one step of a release that is made in steps. */
  noisedValues(params: Values, facts: PublicFacts): number;
}

/** What a method gets to train with. Private rows are behind `mechanisms`; all else is public. */
export interface FitContext<Values> extends PretrainContext<Values> {
  readonly mechanisms: Mechanisms;
  readonly facts: PublicFacts;
  /** Repeatable randomness for weights and latents; never for noise. */
  readonly stream: SeededStream;
  /** Images of the shape `facts.shape`, with labels and classes of their own; there when `publicData` asks for it. */
  readonly publicDataset?: PublicDataset;
  readonly checkpoint: Checkpoint;
  /**
   * Tell the harness how training goes: `sample` draws images for the given labels from the model as it is now. The
   * harness decides when it looks.
   */
  readonly onSnapshot: (
    at: { step: number; steps: number },
    sample: (labels: Uint8Array) => Promise<Images>,
  ) => Promise<void>;
  /**
   * Shows images of a stage beside the result and keeps them with it: what was released first, samples between two stages. They
   * are public or released: nothing is added to them. A stage of the same title replaces an earlier one.
   *
   * @example await onStage('central images', images);
   */
  readonly onStage: (title: string, images: LabeledImages) => Promise<void>;
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
  /** What differs from the paper scale's defaults for some datasets, later rows over earlier ones. */
  readonly published?: readonly PublishedSettings<ParameterValues<NoInfer<P>>>[];
  readonly summary?: Summary<ParameterValues<NoInfer<P>>>;
  /** Whether a run takes a public dataset to train with first; `none` when left out. */
  readonly publicData?: 'required' | 'optional' | 'none';
  /** Images that a run synthesises when the caller does not say. */
  readonly samples: Readonly<Record<Scale, number>>;
  spends(params: ParameterValues<P>, facts: PublicFacts): readonly PlannedRelease[];
  /**
   * Refuses parameters that fit neither each other nor the data, by an `OptionError`. It is called before anything is trained or
   * released: what `fit` refused behind a release would be paid for.
   */
  refuse?(beginning: Beginning<ParameterValues<NoInfer<P>>>): void;
  /**
   * The training on public data alone, of which `fit` begins with the same: `dpbench pretrain` does it ahead. Methods have it
   * whose training on the public dataset goes through `pretrained`.
   */
  pretrain?(context: PretrainContext<ParameterValues<NoInfer<P>>>): Promise<unknown>;
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
