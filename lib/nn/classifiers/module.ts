import { tf, type Tensor, type Tensor1D } from '../../tensor/index.js';
import type { Initial } from '../layers/layer.js';
import type { Weights } from '../parameters.js';

/** A trained parameter before training. */
export interface ModuleParameter {
  readonly shape: readonly number[];
  readonly initial: Initial;
}

/** What one pass through a network gets besides its input. Nothing is changed: what a pass finds out it hands over. */
export interface Pass {
  readonly weights: Weights;
  /** Means and variances of the batch norms over all training so far, by name. */
  readonly statistics: Weights;
  /** Present while training: batch norms use the batch's own statistics, and dropout drops. */
  readonly training?: TrainingPass;
}

/** What is different while training. */
export interface TrainingPass {
  /** A whole number `[1]` that the masks of this pass are drawn from: a tensor, so that a recorded graph takes it anew each time. */
  readonly seed: Tensor1D;
  /** Takes a batch norm's mean and unbiased variance of this batch, each `[channels]`. They are the taker's to dispose. */
  observed(name: string, mean: Tensor, variance: Tensor): void;
}

/**
 * A part of a network for public or synthetic images: a function of its input and a pass. It may look at a batch as a whole;
 * networks that are trained privately are made of `Layer`s, which may not.
 */
export interface Module {
  /** By name in the flat dictionary of weights: `${module's name}.kernel`. */
  readonly parameters: Readonly<Record<string, ModuleParameter>>;
  /** Names of running statistics and their numbers of channels. */
  readonly statistics: Readonly<Record<string, number>>;
  apply(input: Tensor, pass: Pass): Tensor;
}

const withoutWeights = { parameters: {}, statistics: {} } as const;

/** max(x, 0). */
export const relu: Module = { ...withoutWeights, apply: (x) => x.relu() };

/** The input as it is: the shortcut of a block that keeps its shape. */
export const identity: Module = { ...withoutWeights, apply: (x) => x };

/** The mean over all positions: `[batch, height, width, channels]` to `[batch, channels]`. */
export const meanOverPositions: Module = { ...withoutWeights, apply: (x) => x.mean([1, 2]) };

/** One after the other. */
export function inSequence(...modules: readonly Module[]): Module {
  return { ...together(modules), apply: (x, pass) => modules.reduce((value, module) => module.apply(value, pass), x) };
}

/** The sum of what two give for the same input: a residual block. */
export function sumOf(first: Module, second: Module): Module {
  return { ...together([first, second]), apply: (x, pass) => tf.add(first.apply(x, pass), second.apply(x, pass)) };
}

/** The parameters and statistics of all. */
function together(modules: readonly Module[]): Pick<Module, 'parameters' | 'statistics'> {
  return {
    parameters: Object.assign({}, ...modules.map(({ parameters }) => parameters)) as Module['parameters'],
    statistics: Object.assign({}, ...modules.map(({ statistics }) => statistics)) as Module['statistics'],
  };
}
