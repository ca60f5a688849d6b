import { OptionError } from '../../core/errors.js';
import type { Beginning, FitContext, FittedModel } from '../contract.js';
import { refuseTooFew } from '../pretraining/train-on-images.js';
import { PooledPixels } from './embedding.js';
import { evolve } from './evolve.js';
import type { ImageGeneratorDefinition } from './image-generator.js';
import { openGenerator, refuseGenerator } from './open-generator.js';
import type { DiffusionGeneratorParameters, EvolutionParameters } from './parameters.js';

/** Private evolution with a generator, which is opened, and trained where it needs to be, before any release. */
export async function fitEvolution(
  definition: ImageGeneratorDefinition,
  context: FitContext<EvolutionParameters & DiffusionGeneratorParameters>,
): Promise<FittedModel> {
  const { facts, params, publicDataset, stream, own, pretrained, signal } = context;
  const generator = await openGenerator(definition, {
    ...{ shape: facts.shape, params, stream: stream.fork('generator'), own, pretrained },
    ...(publicDataset && { publicDataset }),
    ...(signal && { signal }),
  });
  return evolve(generator, new PooledPixels(facts.shape), context);
}

/** Refuses a generator that does not fit the data, and more votes than there are images. */
export function refuseEvolution(
  definition: ImageGeneratorDefinition,
  { facts, params, publicDataset }: Beginning<EvolutionParameters & DiffusionGeneratorParameters>,
): void {
  refuseGenerator(definition, { shape: facts.shape, publicDataset });
  if (definition.id === 'diffusion') refuseTooFew(publicDataset!, 'publicBatchSize', params.publicBatchSize);
  if (params.votesPerRecord > params.imagesPerClass)
    throw new OptionError({
      asked: 'private evolution',
      wrong: 'a record has more votes than there are images of its class',
      got: params.votesPerRecord,
      expected: `votesPerRecord of at most ${params.imagesPerClass}, imagesPerClass`,
    });
}
