/**
 * DP-MERF. Harder, Adamczewski, Park: DP-MERF: Differentially Private Mean Embeddings with Random Features for
 * Practical Privacy-preserving Data Generation. AISTATS 2021, arXiv 2002.11603, Algorithm 1.
 *
 * The private data are read once: their mean embedding by random Fourier features, one column a class, is released with
 * Gaussian noise. A generator is then trained until the embedding of its images is the released one; that is
 * post-processing and costs nothing, however long it takes.
 *
 * What the reference implementation does differently: it pays for the replacement of a record (2 / N) and states the
 * result beside methods that pay for adding or removing one (1 / N); here the relation is add-or-remove-one and is written
 * in the ledger. Its noise follows from a public seed; here it comes from a secure stream. Its loss
 * is biased by the size of the batch; here it is not (`embeddingDistance`).
 */
import { OptionError } from '../core/errors.js';
import { count, positive } from '../core/options.js';
import { ProgressTask } from '../core/progress.js';
import type { SeededStream } from '../core/rng.js';
import type { Images, ImageShape } from '../core/images.js';
import { gaussian, type PublicFacts } from '../mechanisms/index.js';
import { Adam } from '../nn/adam.js';
import { ReplayedGradient } from '../nn/replayed-gradient.js';
import { SmallGenerator } from '../nn/small-generator.js';
import { restoreVariables } from '../nn/training-state.js';
import { imageBytes, tf, type Scalar, type Tensor2D, type Tensor4D } from '../tensor/index.js';
import { defineMethod, type Checkpoint } from './contract.js';

const release = 'label-wise mean embedding';
const latentSize = 5;

export const dpMerf = defineMethod({
  id: 'dp-merf',
  title: 'DP-MERF',
  paper: {
    title: 'DP-MERF: Differentially Private Mean Embeddings with Random Features',
    authors: 'Harder, Adamczewski, Park',
    year: 2021,
    url: 'https://arxiv.org/abs/2002.11603',
  },
  params: {
    features: count({ smoke: 200, laptop: 2000, paper: 10000 }, 'random Fourier features: cosines and sines together'),
    squaredLengthScale: positive(105, 'squared length scale of the Gaussian kernel that the features stand for'),
    steps: count({ smoke: 40, laptop: 1200, paper: 2750 }, 'training steps of the generator'),
    batchSize: count({ smoke: 50, laptop: 200, paper: 100 }, 'generated images in a step, at least two a class'),
    learningRate: positive(0.01, 'first learning rate of Adam'),
    learningRateDecay: positive(0.9, 'factor on the learning rate after each fifth of the steps'),
  },
  samples: { smoke: 200, laptop: 10000, paper: 60000 },

  /** Each feature vector has norm 1, so one record more or fewer moves the mean by at most 1 / N. */
  spends: (_params, { size }) => [gaussian({ of: release, l2Sensitivity: 1 / size })],

  async fit({ mechanisms, facts, params, stream, signal, own, onSnapshot, checkpoint }) {
    checkBatch(params.batchSize, facts.classes.length);
    const frequencies = own(drawFrequencies(facts, params.features, params.squaredLengthScale, stream));
    const released = await mechanisms.labelMeans(release, {
      features: (images) => fourierFeatures(images, frequencies),
      dimension: 2 * frequencies.shape[1],
      clipNorm: 1,
    });
    const target = own(tf.tensor2d(released.value, [2 * frequencies.shape[1], facts.classes.length]));
    const generator = own(newGenerator(facts, stream));
    const adam = own(new Adam(generator.parameters));
    const gradient = own(
      new ReplayedGradient(generator.parameters, (weights, latent, labels, wanted, waves) => {
        const images = generator.train(latent as Tensor2D, labels as Tensor2D, weights);
        return embeddingDistance(images, labels as Tensor2D, wanted as Tensor2D, waves as Tensor2D);
      }),
    );
    const start = await savedStep(checkpoint, generator, adam);
    const task = new ProgressTask('training the generator', params.steps, signal);
    for (let step = start + 1; step <= params.steps; step++) {
      const rate = params.learningRate * params.learningRateDecay ** Math.floor(((step - 1) * 5) / params.steps);
      const lossTensor = tf.tidy(() => {
        const { latent, labels } = drawInput(stream.fork(`latents ${step}`), params.batchSize, facts.classes.length);
        const { loss, gradients } = gradient.at(latent, labels, target, frequencies);
        adam.apply(gradients, rate);
        return loss;
      });
      if (step % 10 === 0 || step === params.steps) task.report({ step, loss: (await lossTensor.data())[0]! });
      lossTensor.dispose();
      await checkpoint.save(() => ({ tensors: { ...generator.parameters, ...adam.state() }, values: { step } }));
      await task.pause();
      const { steps } = params;
      await onSnapshot({ step, steps }, (labels) => sampleImages(generator, labels, stream.fork(`snapshot ${step}`)));
    }
    task.done();
    return { sample: (labels, sampling) => sampleImages(generator, labels, sampling) };
  },
});

/** Frequencies of the Gaussian kernel exp(-|x - y|^2 / (2 s)): entries N(0, 1 / s), `[pixels, features / 2]`. Public. */
export function drawFrequencies(
  { shape }: { shape: ImageShape },
  features: number,
  squaredLengthScale: number,
  stream: SeededStream,
): Tensor2D {
  const pixels = shape.height * shape.width * shape.channels;
  const values = new Float32Array(pixels * Math.ceil(features / 2));
  stream.fork('frequencies').fillNormal(values, 1 / Math.sqrt(squaredLengthScale));
  return tf.tensor2d(values, [pixels, Math.ceil(features / 2)]);
}

/** `[cos(x W), sin(x W)] / sqrt(features / 2)`: norm 1 for every image. */
export function fourierFeatures(images: Tensor4D, frequencies: Tensor2D): Tensor2D {
  const [pixels, half] = frequencies.shape;
  const angles = images.reshape([-1, pixels]).matMul(frequencies); // [batch, features / 2]
  return tf.concat([angles.cos(), angles.sin()], 1).mul(1 / Math.sqrt(half)) as Tensor2D; // [batch, features]
}

/**
 * Unbiased estimate, from a batch with at least two images of each class, of the squared Frobenius distance between the
 * generator's mean embedding and the target `[features, classes]` (Gretton et al. 2012, Lemma 6, class by class).
 *
 * The distance of the batch's own mean is larger by the variance of that mean, so a generator trained on it lowers the
 * variance: its images of one class grow alike, and the embedding that is then too long is balanced by blotches.
 */
export function embeddingDistance(images: Tensor4D, labels: Tensor2D, target: Tensor2D, frequencies: Tensor2D): Scalar {
  const classes = labels.shape[1];
  const counts = labels.sum(0); // [classes]
  const sums = fourierFeatures(images, frequencies).matMul(labels, true, false); // [features, classes]
  // |sum|^2 counts each image with itself too: 1 an image, since features have norm 1.
  const pairs = sums
    .square()
    .sum(0)
    .sub(counts)
    .div(counts.mul(counts.sub(1))); // [classes]: squared norm of the mean
  const inner = sums.mul(target).sum(0).div(counts); // [classes]
  return pairs
    .div(classes ** 2)
    .sub(inner.mul(2 / classes))
    .sum()
    .add(target.square().sum());
}

/** Takes up the training of a run that was stopped; the last step that it had saved, 0 when there is none. */
async function savedStep(checkpoint: Checkpoint, generator: SmallGenerator, adam: Adam): Promise<number> {
  const saved = await checkpoint.load();
  if (!saved) return 0;
  try {
    restoreVariables('DP-MERF', generator.parameters, saved.tensors);
    await adam.restore(saved.tensors);
  } finally {
    tf.dispose({ ...saved.tensors });
  }
  return (saved.values as { step: number }).step;
}

function checkBatch(batchSize: number, classes: number): void {
  if (batchSize < 2 * classes)
    throw new OptionError({
      asked: 'dp-merf',
      wrong: 'the batch is too small to hold two images of each class',
      got: batchSize,
      expected: `batchSize of at least ${2 * classes}`,
    });
}

function newGenerator({ shape, classes }: PublicFacts, stream: SeededStream): SmallGenerator {
  return new SmallGenerator({ latentSize, classes: classes.length, shape, stream: stream.fork('generator') });
}

/** Latents from N(0, I) and one-hot labels: those given, else each class equally often. */
function drawInput(stream: SeededStream, batch: number, classes: number, labels?: Uint8Array) {
  const latent = new Float32Array(batch * latentSize);
  stream.fillNormal(latent);
  const oneHot = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) oneHot[i * classes + (labels?.[i] ?? i % classes)] = 1;
  return { latent: tf.tensor2d(latent, [batch, latentSize]), labels: tf.tensor2d(oneHot, [batch, classes]) };
}

async function sampleImages(generator: SmallGenerator, labels: Uint8Array, stream: SeededStream): Promise<Images> {
  const { shape, classes } = generator.options;
  tf.tidy(() => {
    const { latent, labels: oneHot } = drawInput(stream.fork('statistics'), 1000, classes);
    generator.fixStatistics(latent, oneHot);
  });
  const size = shape.height * shape.width * shape.channels;
  const data = new Uint8Array(labels.length * size);
  for (let start = 0; start < labels.length; start += 1000) {
    const part = labels.subarray(start, start + 1000);
    const batch = tf.tidy(() => {
      const { latent, labels: oneHot } = drawInput(stream, part.length, classes, part);
      return generator.generate(latent, oneHot);
    });
    data.set((await imageBytes(batch)).data, start * size);
    batch.dispose();
  }
  return { data, count: labels.length, ...shape };
}
