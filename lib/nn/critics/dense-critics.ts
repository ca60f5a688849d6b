import type { ImageShape } from '../../core/images.js';
import { tf, type Tensor2D, type Tensor3D } from '../../tensor/index.js';
import { drawParameters } from '../initial-parameters.js';
import { disposeAll } from '../parameters.js';
import type { Critics } from './critic-group.js';

interface DenseCriticsOptions {
  readonly shape: ImageShape;
  /** Length of a one-hot label. */
  readonly classes: number;
  readonly hidden: number;
}

/** Slope of the leaky ReLU below zero. */
const slope = 0.2;

/**
 * Small critics by the hundred: one hidden layer h each, and the score `w . h + e_y . h` of a projection discriminator (Miyato
 * and Koyama 2018, equation 4). All of them are one batched product, which networks with convolutions are not.
 *
 * @example
 * const critics = denseCritics({ shape, classes: 10, hidden: 16 });
 * const group = critics.newGroup(500, stream);   // kernel [500, 784, 16], bias [500, 1, 16], label [500, 10, 16], score [500, 1, 16]
 */
export function denseCritics({ shape, classes, hidden }: DenseCriticsOptions): Critics {
  const pixels = shape.height * shape.width * shape.channels;
  const normal = (deviation: number) => ({ law: 'normal', deviation }) as const;
  return {
    newGroup: (size, stream) => {
      const plans = {
        kernel: { shape: [size, pixels, hidden], initial: normal(Math.sqrt(2 / pixels)) },
        bias: { shape: [size, 1, hidden], initial: { law: 'constant', value: 0 } as const },
        label: { shape: [size, classes, hidden], initial: normal(Math.sqrt(1 / hidden)) },
        score: { shape: [size, 1, hidden], initial: normal(Math.sqrt(1 / hidden)) },
      };
      const parameters = drawParameters(plans, stream);
      const nothing = () => undefined;
      return { parameters, state: {}, advance: nothing, dispose: () => disposeAll(parameters) };
    },
    scores: (weights, images, labels) => {
      const [size, batch] = images.shape as [number, number];
      const flat = images.reshape<Tensor3D>([size, batch, pixels]);
      const a = tf.matMul(flat, weights['kernel'] as Tensor3D).add(weights['bias']!); // [size, batch, hidden]
      const h = a
        .relu()
        .mul(1 - slope)
        .add(a.mul(slope)); // the gradient of tf.leakyRelu has no gradient
      const direction = tf.matMul(labels as Tensor3D, weights['label'] as Tensor3D).add(weights['score']!); // [size, batch, hidden]
      return h.mul(direction).sum(2) as Tensor2D; // [size, batch]
    },
  };
}
