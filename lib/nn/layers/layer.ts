import type { Tensor, Tensor1D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';

/** The gradients of one parameter, one for each example of a batch, in whatever form is cheapest for what is asked. */
export interface ExampleGradients {
  /** All of them: `[batch, ...shape]`. */
  all(): Tensor;
  /** `[batch]`: the squared Euclidean norm of each. */
  squaredNorms(): Tensor1D;
  /** The sum over examples b of coefficients[b] times gradient b, in the parameter's shape. */
  weightedSum(coefficients: Tensor1D): Tensor;
}

/** The values that a parameter has before training: all one number, or drawn around 0. */
export type Initial =
  | { readonly law: 'constant'; readonly value: number }
  | { readonly law: 'normal'; readonly deviation: number }
  | { readonly law: 'uniform'; readonly variance: number };

/** The same, or a matrix whose singular values are all 1: see `orthogonal`. */
export type InitialMatrix = Initial | { readonly law: 'orthogonal' };

/**
 * Uniform with variance `gain / ((fanIn + fanOut) / 2)`, for weights of sums over `fanIn` values that go to `fanOut` sums: with
 * gain 1 signals keep their size both ways (Glorot and Bengio 2010).
 */
export function byBothSides(gain: number, fanIn: number, fanOut: number): Initial {
  return { law: 'uniform', variance: gain / ((fanIn + fanOut) / 2) };
}

/** One parameter of a layer and the rule for its gradients. */
export interface LayerParameter {
  readonly shape: readonly number[];
  readonly initial: InitialMatrix;
  /**
   * Gradients by this parameter, for each example, from the layer's input `[rows, ...]` and the gradient of the sum of the
   * examples' losses by the layer's probe. There may be several rows an example, the same number for each and one after the
   * other (copies with different noise): their contributions are added up.
   */
  gradients(input: Tensor, probeGradient: Tensor, examples: number): ExampleGradients;
}

/**
 * A layer of a network that can be trained privately: no example's output depends on another example.
 *
 * Every gradient is found from a *probe*: zeros with one row for each row of the input, added where the layer says. Layers with
 * many weights (dense, convolution) add it to their output; layers with few (norms, biases) add it to their weights, a copy
 * for each row, so that the probe's gradient already is the gradient by the weights.
 */
export interface Layer {
  /** For messages. */
  readonly kind: string;
  /** What it is for in its network: see `inRole`. */
  readonly role?: string;
  /** By name in the flat dictionary of weights: `${layer's name}.kernel`. */
  readonly parameters: Readonly<Record<string, LayerParameter>>;
  /** Shape of the probe for this input; its first length is the input's. */
  probeShape(inputShape: readonly number[]): number[];
  apply(weights: Weights, input: Tensor, probe?: Tensor): Tensor;
}
