import { OptionError } from '../../core/errors.js';
import type { FitContext, FittedModel } from '../contract.js';
import { PooledPixels } from './embedding.js';
import { evolve } from './evolve.js';
import type { ImageGeneratorDefinition } from './image-generator.js';
import { openGenerator } from './open-generator.js';
import type { DiffusionGeneratorParameters, EvolutionParameters } from './parameters.js';

/** Private evolution with a generator, which is opened, and trained where it needs to be, before any release. */
export async function fitEvolution(
  definition: ImageGeneratorDefinition,
  context: FitContext<EvolutionParameters & DiffusionGeneratorParameters>,
): Promise<FittedModel> {
  const { facts, params, publicDataset, stream, own, pretrained, signal } = context;
  if (params.votesPerRecord > params.imagesPerClass)
    throw new OptionError({
      asked: 'private evolution',
      wrong: 'a record has more votes than there are images of its class',
      got: params.votesPerRecord,
      expected: `votesPerRecord of at most ${params.imagesPerClass}, imagesPerClass`,
    });
  const generator = await openGenerator(definition, {
    ...{ shape: facts.shape, params, stream: stream.fork('generator'), own, pretrained },
    ...(publicDataset && { publicDataset }),
    ...(signal && { signal }),
  });
  return evolve(generator, new PooledPixels(facts.shape), context);
}
