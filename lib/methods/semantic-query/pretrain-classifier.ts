import { takeImages } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import { SeededStream } from '../../core/rng.js';
import { ClassifierGradient } from '../../nn/classifiers/classifier-gradient.js';
import { drawnVector } from '../../nn/classifiers/packed-values.js';
import { firstStatistics, packingsOf } from '../../nn/classifiers/trained-classifier.js';
import { Sgd } from '../../nn/sgd.js';
import { imageTensor, oneHotTensor, tf, type Tensor1D, type Variable } from '../../tensor/index.js';
import type { Checkpoint, PretrainContext } from '../contract.js';
import type { PublicParameters } from '../pretraining/public-parameters.js';
import { ShuffledPasses } from '../pretraining/shuffled-passes.js';
import { mirrored } from '../pretraining/train-on-images.js';
import { StageCheckpoint } from '../stage-checkpoint.js';
import type { SemanticParameters } from './parameters.js';
import { semanticNetwork, type SemanticNetwork } from './semantic-network.js';

export type ClassifierContext = PretrainContext<
  SemanticParameters & Pick<PublicParameters, 'flip' | 'publicSeed'> & { readonly precision: 'float32' | 'bfloat16' }
>;

/** A network with weights and running batch statistics, a vector each. */
export interface SemanticClassifier extends SemanticNetwork {
  readonly weights: Variable;
  readonly statistics: Variable;
}

/**
 * A classifier of the categories of the public dataset: SGD with momentum 0.9, weight decay 5e-4 and a rate that falls to 0 along a
 * cosine, on shuffled passes, with cross-entropy. It is used as it is after the last step. The reference keeps the best epoch on
 * a "validation" part that is the training part.
 */
export async function pretrainClassifier(context: ClassifierContext): Promise<SemanticClassifier> {
  const { facts, params, own, pretrained } = context;
  const dataset = context.publicDataset!;
  const built = semanticNetwork(params, facts.shape, dataset.classes.length);
  const { network } = built;
  const stream = new SeededStream(params.publicSeed).fork('classifier');
  const parameters = tf.tidy(() => ({
    weights: tf.variable(drawnVector(network.parameters, stream.fork('weights'))),
    statistics: tf.variable(firstStatistics(network, packingsOf(network).statistics), false),
  }));
  own({ dispose: () => tf.dispose(Object.values(parameters)) });
  const { classifierSteps, classifierBatchSize, classifierParts, classifierLearningRate } = params;
  const { flip, publicSeed, precision } = params;
  const settings = {
    ...{ network: network.name, shape: { ...facts.shape }, flip, publicSeed, precision },
    ...{ classifierSteps, classifierBatchSize, classifierParts, classifierLearningRate },
  };
  const classifier = { ...built, ...parameters };
  await pretrained.take({
    ...{ of: 'classifier of public categories', parameters, dataset, settings },
    train: (checkpoint) => train(classifier, context, stream, checkpoint),
  });
  return classifier;
}

async function train(
  { network, prepare, weights, statistics }: SemanticClassifier,
  { params, own, signal, ...context }: ClassifierContext,
  stream: SeededStream,
  checkpoint: Checkpoint,
): Promise<boolean> {
  const { images, name, classes } = context.publicDataset!;
  const { classifierSteps: steps, classifierBatchSize: batchSize, classifierParts: parts, flip, precision } = params;
  const gradient = own(new ClassifierGradient(network, packingsOf(network), { precision }));
  const sgd = own(new Sgd({ weights }, { momentum: 0.9, weightDecay: 5e-4 }));
  const networks = { classifier: { weights, statistics } };
  const kept = new StageCheckpoint('classifier of public categories', checkpoint, { networks, states: { sgd } });
  const begun = await kept.resume();
  if (begun === undefined) return false;
  const task = new ProgressTask(`sorting ${name}`, steps, signal);
  const passes = new ShuffledPasses(images.count, batchSize, stream.fork('passes'));
  const size = Math.ceil(batchSize / parts);
  for (let step = begun + 1; step <= steps; step++) {
    const random = stream.fork(`step ${step}`);
    const batch = takeImages(images, passes.batch(step));
    const loss = tf.tidy(() => {
      const ofParts = [];
      for (let start = 0; start < batchSize; start += size) {
        const end = Math.min(batchSize, start + size);
        const pixels = imageTensor(batch, start, end); // [part, height, width, channels]
        const found = gradient.at(
          { weights, statistics },
          {
            images: prepare(flip ? mirrored(pixels, random) : pixels),
            labels: oneHotTensor(batch, classes.length, start, end),
            seed: tf.tensor1d([random.integer(2 ** 31)], 'int32'),
          },
        );
        statistics.assign(found.statistics);
        const share = (end - start) / batchSize;
        ofParts.push({ loss: found.loss.mul(share), gradient: found.gradient.mul<Tensor1D>(share) });
      }
      const rate = (params.classifierLearningRate * (1 + Math.cos((Math.PI * (step - 1)) / steps))) / 2;
      sgd.apply({ weights: tf.addN(ofParts.map(({ gradient }) => gradient)) }, rate);
      return tf.addN(ofParts.map(({ loss }) => loss));
    });
    if (step % 10 === 0 || step === steps) task.report({ step, loss: (await loss.data())[0]! });
    else task.report({ step });
    loss.dispose();
    await kept.save(step, { now: step === steps });
    await task.pause();
  }
  task.done();
  return true;
}
