import type { FeatureExtractor } from './contract.js';
import { digitCnn } from './digit-cnn.js';

/** Every feature extractor that comes with dpbench: one line a file. */
export const extractorDefinitions = [digitCnn] as const satisfies readonly FeatureExtractor[];

/** Name of a feature extractor: one of these, or of one that was defined. */
export type ExtractorName = (typeof extractorDefinitions)[number]['id'] | (string & {});
