import { ProgressTask } from '../../core/progress.js';
import type { PublicDataset } from '../../data/contract.js';
import { criticGradient } from '../../mechanisms/sharded-critics/answers.js';
import { TrainedGroup } from '../../mechanisms/sharded-critics/trained-group.js';
import type { Critics } from '../../nn/critics/critic-group.js';
import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import { replay, tf, type Tensor, type Tensor4D } from '../../tensor/index.js';
import type { ShardedGanContext } from './parameters.js';
import { SlopeTraining } from './slope-training.js';

/**
 * Trains the generator against one critic of public images, without noise and at no cost, and leaves the average of its weights
 * in it. A critic knows the private classes: public labels are taken by their remainder.
 */
export async function trainPublicly(
  generator: ConditionalGenerator,
  critics: Critics,
  { name, images }: PublicDataset,
  context: ShardedGanContext,
): Promise<void> {
  const { facts, params, own, signal } = context;
  const { publicSteps: steps, penalty } = params;
  const classes = facts.classes.length;
  const training = own(new SlopeTraining('public', generator, context));
  const begun = await training.kept.resume();
  if (begun === undefined) return; // a resumed run that is past this stage
  const stream = context.stream.fork('public critic');
  const group = critics.newGroup(1, stream);
  const names = [Object.keys(group.parameters), Object.keys(group.state)] as const;
  const gradient = own(criticGradient(critics, { penalty, drift: 1e-3 }, names));
  const rows = { ...images, labels: images.labels.map((label) => label % classes) };
  const everything = Uint32Array.from({ length: images.count }, (_, row) => row);
  const options = {
    rows,
    classes,
    batchSize: params.criticBatchSize,
    learningRate: params.criticRate,
    stream,
    gradient,
  };
  const critic = own(new TrainedGroup(group, [everything], { ...options, momentum: [0.5, 0.9] }));
  const slopesOf = own(slopesGraph(critics, names));
  const task = new ProgressTask(`training on ${name}`, steps, signal);
  const update = async (purpose: string, times: number) => {
    const fakes = training.fakes(purpose);
    try {
      for (let i = 0; i < times; i++) {
        critic.update(fakes);
        await task.pause();
      }
    } finally {
      fakes.images.dispose();
    }
  };
  if (begun < steps) await update('warm-up', params.warmUpSteps);
  for (let step = begun + 1; step <= steps; step++) {
    await update(`step ${step}`, params.criticSteps);
    tf.tidy(() => {
      const { images, labels } = training.generated(step);
      const [slopes] = slopesOf.run([...critic.tensors, images, labels]);
      training.step(step, steps, slopes as Tensor4D);
    });
    task.report({ step });
    await training.kept.save(step);
    await task.pause();
  }
  training.average.copyInto(generator.parameters);
  await training.kept.save(steps, { now: true });
  task.done();
}

/** From weights of one critic, images and labels to the gradient of its mean score by the images. */
function slopesGraph(critics: Critics, [trained, fixed]: readonly [readonly string[], readonly string[]]) {
  return replay(
    (...tensors) => {
      const [images, labels] = tensors.slice(-2) as [Tensor4D, Tensor];
      const weights = Object.fromEntries([...trained, ...fixed].map((name, i) => [name, tensors[i]!]));
      const score = (x: Tensor) => critics.scores(weights, x.expandDims(0), labels.expandDims(0)).mean();
      return [tf.grad(score)(images)];
    },
    { name: 'slopes of a public critic' },
  );
}
