import { takeImages, type LabeledImages } from '../core/images.js';
import { ProgressTask } from '../core/progress.js';
import type { SeededStream } from '../core/rng.js';
import { imageTensor, oneHotTensor, tf, type Tensor, type Tensor4D } from '../tensor/index.js';
import { Adam } from './adam.js';
import { restore, snapshot } from './parameters.js';
import { ReplayedGradient } from './replayed-gradient.js';
import { SmallClassifier } from './small-classifier.js';

export interface ClassifierTraining {
  readonly classes: number;
  readonly epochs: number;
  readonly stream: SeededStream;
  readonly task: string;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly signal?: AbortSignal;
}

/**
 * Trains a `SmallClassifier`; a tenth of the images is held out, and the epoch with the best accuracy on it is kept
 * (the later one of two equal ones). What the images are, synthetic or public, is the caller's affair: never private.
 */
export async function trainClassifier(images: LabeledImages, training: ClassifierTraining): Promise<SmallClassifier> {
  const { classes, epochs, stream, batchSize = 100, learningRate = 1e-3, signal } = training;
  const order = stream.fork('split').permutation(images.count);
  const heldOut = Math.max(1, Math.floor(images.count / 10));
  const validation = takeImages(images, order.subarray(0, heldOut));
  const fitted = takeImages(images, order.subarray(heldOut));
  const network = new SmallClassifier({ shape: images, classes, stream: stream.fork('weights') });
  const adam = new Adam(network.parameters);
  const gradient = new ReplayedGradient(network.parameters, (weights, images, labels) =>
    tf.losses.softmaxCrossEntropy(labels, network.logits(images as Tensor4D, weights)).asScalar(),
  );
  const steps = Math.max(1, Math.floor(fitted.count / batchSize));
  const task = new ProgressTask(training.task, epochs * steps, signal);
  let best: { accuracy: number; weights: Tensor[] } | undefined;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const shuffled = stream.fork(`epoch ${epoch}`).permutation(fitted.count);
      for (let step = 0; step < steps; step++) {
        const batch = takeImages(fitted, shuffled.subarray(step * batchSize, (step + 1) * batchSize));
        trainStep(gradient, adam, batch, classes, learningRate);
        task.report({ step: epoch * steps + step + 1 });
        await task.pause();
      }
      const accuracy = await classifierAccuracy(network, validation);
      if (best && accuracy < best.accuracy) continue;
      tf.dispose(best?.weights ?? []);
      best = { accuracy, weights: snapshot(network.parameters) };
    }
    restore(network.parameters, best!.weights);
    task.done();
    return network;
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    tf.dispose(best?.weights ?? []);
    adam.dispose();
    gradient.dispose();
  }
}

function trainStep(gradient: ReplayedGradient, adam: Adam, batch: LabeledImages, classes: number, rate: number): void {
  tf.tidy(() => {
    const { gradients } = gradient.at(imageTensor(batch), oneHotTensor(batch, classes));
    adam.apply(gradients, rate);
  });
}

/** Share of images whose largest logit is at their label. */
async function classifierAccuracy(network: SmallClassifier, images: LabeledImages): Promise<number> {
  let right = 0;
  for (let start = 0; start < images.count; start += 1000) {
    const end = Math.min(images.count, start + 1000);
    const guesses = tf.tidy(() => network.logits(imageTensor(images, start, end)).argMax(1));
    const values = await guesses.data();
    guesses.dispose();
    for (let row = start; row < end; row++) if (values[row - start] === images.labels[row]) right++;
  }
  return right / images.count;
}
