import type { GaussianEvent } from '../../core/events.js';
import { evenLabels } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import { noisyHistogram, type PlannedRelease, type PublicFacts } from '../../mechanisms/index.js';
import { tf, type Tensor2D } from '../../tensor/index.js';
import type { FitContext, FittedModel } from '../contract.js';
import { embeddingsAhead } from './embeddings-ahead.js';
import type { PooledPixels } from './embedding.js';
import { EvolutionCheckpoint } from './evolution-checkpoint.js';
import type { ImageGenerator } from './image-generator.js';
import type { EvolutionParameters } from './parameters.js';
import { selectionWeights, type NoisyVotes } from './selection.js';
import { Survivors } from './survivors.js';
import { nearestOfOwnClass } from './voting.js';

const votesOf = (iteration: number) => `votes of iteration ${iteration}`;

/**
 * One histogram an iteration, of all classes together: a record is of one class and votes for `votesPerRecord` of its images, so
 * that adding or removing it moves the counts by the root of that.
 */
export function spendsOnVotes({ iterations, votesPerRecord }: EvolutionParameters): PlannedRelease[] {
  return Array.from({ length: iterations }, (_, i) =>
    noisyHistogram({ of: votesOf(i + 1), binsPerRecord: votesPerRecord }),
  );
}

/** How different the variations of an iteration are: from the first degree to the last by equal factors. */
export function degreeAt(
  iteration: number,
  { iterations, firstDegree, lastDegree }: Pick<EvolutionParameters, 'iterations' | 'firstDegree' | 'lastDegree'>,
): number {
  if (iterations === 1) return firstDegree;
  return firstDegree * (lastDegree / firstDegree) ** ((iteration - 1) / (iterations - 1));
}

/**
 * Private evolution (Lin et al. 2024, algorithm 1). Private records vote for the generated images of their class that are nearest
 * to them; noise is added to every count; images are drawn by their votes, and variations of those come to the next vote.
 * Only the votes see private images: all else is post-processing.
 *
 * What comes back draws by the last votes, and gives variations as algorithm 1 does at its end, as many as are asked for.
 */
export async function evolve(
  generator: ImageGenerator,
  embedding: PooledPixels,
  context: FitContext<EvolutionParameters>,
): Promise<FittedModel> {
  const { facts, params, stream, signal, onSnapshot } = context;
  const { iterations: steps, imagesPerClass } = params;
  const labels = evenLabels(facts.classes.length * imagesPerClass, facts.classes.length);
  const kept = new EvolutionCheckpoint(context.checkpoint, generator);
  const resumed = await kept.resume();
  const begun = resumed?.iteration ?? 0;
  // The votes before a checkpoint have done their work; they are handed out again, since they are in the plan.
  for (let past = 1; past <= begun; past++) await castVotes(past, context);
  let population = resumed?.population ?? (await generator.random(labels.length, stream.fork('first images')));
  let survivors: Survivors | undefined;
  const task = new ProgressTask('private evolution', steps, signal);
  for (let step = begun + 1; step <= steps; step++) {
    const own = stream.fork(`iteration ${step}`);
    const degree = degreeAt(step, params);
    const ahead = { generator, embedding, degree, lookahead: params.lookahead, stream: own.fork('lookahead') };
    const candidates = await embeddingsAhead(population, ahead);
    const votes = await castVotes(step, context, { embedding, candidates }).finally(() => candidates.dispose());
    const { weights, unselected } = selectionWeights(votes, { bins: imagesPerClass, threshold: params.threshold });
    tellUnselected(unselected, step, facts);
    const chosen = (survivors = new Survivors(population, weights, { imagesPerClass, degree, generator }));
    if (step < steps) population = await chosen.variations(labels, own);
    task.report({ step });
    if (step < steps) await kept.save(step, population);
    await task.pause();
    await onSnapshot({ step, steps }, async (asked) => (await chosen.variations(asked, own.fork('look'))).images);
  }
  task.done();
  return { sample: async (asked, drawing) => (await survivors!.variations(asked, drawing)).images };
}

/** The noisy votes of an iteration, class after class; without candidates those that the run has cast before. */
async function castVotes(
  iteration: number,
  { mechanisms, params }: FitContext<EvolutionParameters>,
  at?: { readonly embedding: PooledPixels; readonly candidates: Tensor2D },
): Promise<NoisyVotes> {
  const { imagesPerClass, votesPerRecord } = params;
  const released = await mechanisms.histogram(votesOf(iteration), {
    bins: imagesPerClass,
    byClass: true,
    binsOf: (images, labels) =>
      at
        ? nearestOfOwnClass({ embeddings: at.embedding.embed(images), labels }, at.candidates, votesPerRecord)
        : tf.fill([images.shape[0]], -1),
    ...(at && { batchSize: rowsAtATime(at.candidates) }),
  });
  const { noiseMultiplier } = released.event as GaussianEvent;
  return { counts: released.value, deviation: noiseMultiplier * Math.sqrt(votesPerRecord) };
}

/** So many that their distances to all candidates take some 32 MB. */
const rowsAtATime = ({ shape: [candidates] }: Tensor2D) => Math.min(500, Math.max(1, Math.floor(2 ** 23 / candidates)));

/** Where noise alone decides, people are told. */
function tellUnselected(unselected: readonly number[], iteration: number, { classes }: PublicFacts): void {
  if (unselected.length === 0) return;
  const names = unselected.map((label) => classes[label]).join(', ');
  const note = `iteration ${iteration}: no image of class ${names} has more votes than the threshold, all of them go on`;
  new ProgressTask(note, 1).done();
}
