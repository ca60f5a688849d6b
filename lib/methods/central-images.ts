/**
 * Central images as a warm-up of other methods: noisy mean images of the classes are released first, and take the place of public
 * images. Li, Gong, Li, Zhao, Hou, Wang: From Easy to Hard: Building a Shortcut for Differentially Private Image Synthesis. S&P 2025,
 * arXiv 2504.01395, section 3.
 *
 * What the reference implementation does differently: it divides the sum of a class by the number of its records in the batch,
 * while its noise is for a fixed divisor, so that small classes have too little noise and empty ones give NaN; here the
 * divisor is the expected number were all classes alike, or the class's own, released with noise beside the sums. It does not
 * charge the release to methods with one release of their own (DP-MERF, GS-WGAN); here it is a line of the plan. It varies an
 * image anew each time that it is trained on; here there are `centralCopies` varied copies of each.
 */
import { OptionError } from '../core/errors.js';
import type { Parameters } from '../core/options.js';
import type { PublicFacts } from '../mechanisms/index.js';
import { centralImages, centralOutline } from './central-images/central-images.js';
import { centralImageParameters, type CentralImageParameters } from './central-images/parameters.js';
import { spendsOnCentralImages } from './central-images/query.js';
import type { AnyMethod } from './contract.js';
import { trainedHere } from './pretraining/trained-here.js';

/**
 * A method that trains on central images of the private data first, where it would train on public ones. Its plan begins with what
 * they cost; the harness finds the noise of the rest.
 *
 * @throws OptionError when the method takes no public images.
 */
export function withCentralImages(method: AnyMethod): AnyMethod {
  if ((method.publicData ?? 'none') === 'none')
    throw new OptionError({
      asked: method.id,
      wrong: 'the method takes no images to train on first',
      got: "warmUp: 'central-images'",
      next: 'Leave warmUp out.',
    });
  const rest = { ...method };
  delete rest.pretrain; // there are no public images any more
  return {
    ...rest,
    params: { ...(method.params as Parameters), ...centralImageParameters },
    publicData: 'none',
    spends: (params: CentralImageParameters, facts: PublicFacts) => [
      spendsOnCentralImages(params, facts),
      ...method.spends(params, facts),
    ],
    refuse: ({ facts, params }) => {
      const publicDataset = centralOutline(params as CentralImageParameters, facts);
      method.refuse?.({ facts, params, publicDataset });
    },
    fit: async (context) => {
      const params = context.params as CentralImageParameters;
      const { released, dataset } = await centralImages(context.mechanisms, params);
      await context.onStage('central images', released);
      // They are this run's alone: what is trained on them is not kept for others.
      return method.fit({ ...context, publicDataset: dataset, pretrained: trainedHere(context.checkpoint) });
    },
  };
}
