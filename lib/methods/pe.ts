/**
 * PE. Lin, Gopi, Kulkarni, Nori, Yekhanin: Differentially Private Synthetic Data via Foundation Model APIs 1: Images. ICLR 2024,
 * arXiv 2305.15560, algorithm 1.
 *
 * Nothing is trained on private images. A generator that has never seen them answers two questions, "a random image" and "a
 * variation of this one"; private images vote for the generated image of their class that is nearest to them; by the noisy
 * votes images survive, and variations of them come to the next vote. The generator is anyone's: `dp.imageGenerators`.
 *
 * The paper's generators are networks trained on ImageNet, which are not here. Without a public dataset the images come from
 * `strokes`, a renderer of random pen drawings that knows no digits; it is made for greyscale line drawings, and says little
 * of how PE does on photographs. With one they are that dataset's (`image-pool`). Figures of PE stand for their generator: the
 * accuracy on MNIST is 92.5 % at epsilon 10 and 90.0 % at epsilon 1 with strokes (60,000 images, laptop scale), about 50 % with
 * images of KMNIST, and 33 % and 28 % with the paper's networks (DPImageBench).
 *
 * What the reference implementation does differently: thresholds are numbers of votes that do not follow the noise, so that on
 * CIFAR-10 at epsilon 1 most survivors are noise; here they are in units of the noise. It divides by zero where nothing is
 * above the threshold; here all images then go on. It votes on images that were resized otherwise than those that it hands
 * out, and measures FID to the private images at each iteration. Its degree is the place in a list of noise levels, where a
 * small one is a strong variation; here a degree is from 0 to 1 and a small one is weak. It measures nearness by features of
 * Inception; here by pooled pixels. It draws survivors independently; here evenly by weight.
 */
import { memberName } from '../core/options.js';
import { defineMethod } from './contract.js';
import { fitEvolution, refuseEvolution } from './private-evolution/fit.js';
import type { ImageGeneratorDefinition } from './private-evolution/image-generator.js';
import { imageGenerators } from './private-evolution/image-generators.js';
import { spendsOnVotes } from './private-evolution/evolve.js';
import { diffusionGeneratorParameters, evolutionParameters } from './private-evolution/parameters.js';

const byPublicData = 'by-public-data';

function generatorFor({
  params: { imageGenerator },
  publicDataset,
}: {
  readonly params: { readonly imageGenerator: string };
  readonly publicDataset?: object | undefined;
}): ImageGeneratorDefinition {
  const chosen = publicDataset ? 'image-pool' : 'strokes';
  return imageGenerators.get(imageGenerator === byPublicData ? chosen : imageGenerator);
}

export const pe = defineMethod({
  id: 'pe',
  title: 'Private Evolution',
  paper: {
    title: 'Differentially Private Synthetic Data via Foundation Model APIs 1: Images',
    authors: 'Lin, Gopi, Kulkarni, Nori, Yekhanin',
    year: 2024,
    url: 'https://arxiv.org/abs/2305.15560',
  },
  publicData: 'optional',
  summary: {
    idea: 'images of a public generator are voted for by their nearest records; survivors are varied and voted for again',
    noised: 'the votes of each iteration',
    noisedValues: ({ imagesPerClass }, { classes }) => imagesPerClass * classes.length,
  },
  params: {
    imageGenerator: memberName(
      () => [byPublicData, ...imageGenerators.names()],
      byPublicData,
      'where images come from; by-public-data: image-pool with a public dataset, strokes without',
    ),
    ...evolutionParameters,
    ...diffusionGeneratorParameters,
  },
  samples: { smoke: 100, laptop: 10000, paper: 60000 },

  /** A record votes in one histogram an iteration. */
  spends: (params) => spendsOnVotes(params),

  refuse: (beginning) => refuseEvolution(generatorFor(beginning), beginning),

  fit: (context) => fitEvolution(generatorFor(context), context),
});
