import {
  replay,
  tf,
  type Replay,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '../../tensor/index.js';
import { statisticsMomentum } from './batch-norm.js';
import type { Classifier } from './classifier.js';
import type { Pass } from './module.js';
import type { ClassifierPackings } from './trained-classifier.js';

/** The mean cross-entropy of a batch, its gradient by all weights and the running statistics after it, as one recorded graph. */
export class ClassifierGradient {
  readonly #graph: Replay;

  constructor(
    readonly network: Classifier,
    readonly packings: ClassifierPackings,
    { precision = 'float32' }: { readonly precision?: 'float32' | 'bfloat16' } = {},
  ) {
    const compute = (...tensors: Tensor[]) =>
      this.#compute(...(tensors as [Tensor1D, Tensor1D, Tensor4D, Tensor2D, Tensor1D]));
    this.#graph = replay(compute, { name: `a gradient of ${network.name}`, precision });
  }

  /**
   * @param state `weights` and `statistics` as one vector each.
   * @param images `[batch, height, width, channels]` in [0, 1], `labels` one-hot `[batch, classes]`, `seed` an int32 `[1]`.
   * @returns tensors that the caller disposes.
   */
  at(
    { weights, statistics }: { readonly weights: Tensor; readonly statistics: Tensor },
    { images, labels, seed }: { readonly images: Tensor4D; readonly labels: Tensor2D; readonly seed: Tensor1D },
  ): { loss: Scalar; gradient: Tensor1D; statistics: Tensor1D } {
    const found = this.#graph.run([weights, statistics, images, labels, seed]);
    return { loss: found[0] as Scalar, gradient: found[1] as Tensor1D, statistics: found[2] as Tensor1D };
  }

  #compute(weights: Tensor1D, statistics: Tensor1D, images: Tensor4D, labels: Tensor2D, seed: Tensor1D): Tensor[] {
    const { network, packings } = this;
    const named = packings.weights.unpack(weights);
    const names = Object.keys(named);
    const observed: Record<string, Tensor> = {};
    const training = {
      seed,
      observed: (name: string, mean: Tensor, variance: Tensor) =>
        Object.assign(observed, { [`${name}.mean`]: mean, [`${name}.variance`]: variance }),
    };
    const loss = (...values: Tensor[]): Scalar => {
      const pass: Pass = {
        weights: Object.fromEntries(names.map((name, i) => [name, values[i]!])),
        statistics: {},
        training,
      };
      return tf.losses.softmaxCrossEntropy(labels, network.head(network.features(images, pass), pass)).asScalar();
    };
    try {
      const { value, grads } = tf.valueAndGrads(loss)(Object.values(named));
      const gradient = packings.weights.pack(Object.fromEntries(names.map((name, i) => [name, grads[i]!])));
      const moved = packings.statistics.pack(observed).sub(statistics).mul(statisticsMomentum);
      return [value, gradient, statistics.add(moved)];
    } finally {
      tf.dispose(observed);
    }
  }

  dispose(): void {
    this.#graph.dispose();
  }
}
