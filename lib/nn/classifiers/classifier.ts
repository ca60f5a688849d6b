import type { ImageShape } from '../../core/images.js';
import { tf, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import { inSequence, type Module, type Pass } from './module.js';

/** The architecture of a classifier: what its weights are and what it computes with some. It holds no tensors. */
export interface Classifier extends Pick<Module, 'parameters' | 'statistics'> {
  /** For results: `ResNet-110 (16, 32, 64)`. */
  readonly name: string;
  readonly shape: ImageShape;
  readonly classes: number;
  /** Images `[batch, height, width, channels]` in [0, 1] to the values before the last layer, `[batch, features]`. */
  features(images: Tensor4D, pass: Pass): Tensor2D;
  /** One logit a class from features: `[batch, classes]`. */
  head(features: Tensor2D, pass: Pass): Tensor2D;
}

/** What is subtracted from images in [0, 1] and what they are then divided by, for each channel. */
export interface InputScaling {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** A classifier from its two parts; images are mapped to [-1, 1] unless `scaling` says otherwise. */
export function classifierOf(
  facts: Pick<Classifier, 'name' | 'shape' | 'classes'> & { readonly scaling?: InputScaling | undefined },
  features: Module,
  head: Module,
): Classifier {
  const { scaling = { mean: [0.5], deviation: [0.5] }, ...named } = facts;
  const { parameters, statistics } = inSequence(features, head);
  const scaled = (images: Tensor4D) =>
    images.sub(tf.tensor1d([...scaling.mean])).div(tf.tensor1d([...scaling.deviation]));
  return {
    ...named,
    parameters,
    statistics,
    features: (images, pass) => features.apply(scaled(images), pass) as Tensor2D,
    head: (values, pass) => head.apply(values, pass) as Tensor2D,
  };
}

/** Number of trained values. */
export function trainedValues({ parameters }: Pick<Classifier, 'parameters'>): number {
  const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);
  return Object.values(parameters).reduce((sum, { shape }) => sum + size(shape), 0);
}
