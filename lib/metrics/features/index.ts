import type { FeatureExtractor } from './contract.js';
import { colourCnn } from './colour-cnn.js';
import { digitCnn } from './digit-cnn.js';
import { inceptionPytorchFid } from './inception-pytorch-fid.js';
import { inceptionTorchFidelity } from './inception-torch-fidelity.js';
import { randomCnn } from './random-cnn.js';

/**
 * Every feature extractor that comes with dpbench: one line a file. Those that need no download come first: where no name is given,
 * the first that fits the images is taken.
 */
export const extractorDefinitions = [
  digitCnn,
  colourCnn,
  randomCnn,
  inceptionPytorchFid,
  inceptionTorchFidelity,
] as const satisfies readonly FeatureExtractor[];

/** Name of a feature extractor: one of these, or of one that was defined. */
export type ExtractorName = (typeof extractorDefinitions)[number]['id'] | (string & {});
