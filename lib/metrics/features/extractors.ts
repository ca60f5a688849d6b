import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import type { Scale } from '../../core/options.js';
import { Registry } from '../../core/registry.js';
import { findPublishedFile } from '../../data/published-file.js';
import type { FeatureExtractor } from './contract.js';
import { extractorDefinitions, type ExtractorName } from './index.js';

const registry = new Registry<FeatureExtractor>('feature extractor', extractorDefinitions);

/** The feature extractors by name: `dp.features`. */
export const features = {
  names: (): string[] => registry.names(),
  get: (name: ExtractorName): FeatureExtractor => registry.get(name),
  all: (): FeatureExtractor[] => registry.all(),
  /** Adds an extractor of your own: `dp.evaluate({ features: '…' })` then knows it. */
  define: (extractor: FeatureExtractor): FeatureExtractor => registry.define(extractor, { replace: true }),

  /**
   * The extractor of that name, or the first that is made for such images; at paper scale the one with published weights, as
   * papers use it, where its file is on this machine.
   */
  forShape(shape: ImageShape, name?: ExtractorName, scale?: Scale): FeatureExtractor {
    const sides = `${shape.height} x ${shape.width} x ${shape.channels}`;
    const fitting = registry.all().filter((extractor) => extractor.accepts(shape));
    const expected = fitting.map(({ id }) => id).join(', ') || 'one of your own (dp.features.define)';
    if (name === undefined) {
      const published = fitting.find(({ weights }) => weights && findPublishedFile(weights) !== undefined);
      const first = (scale === 'paper' ? published : undefined) ?? fitting[0];
      if (first) return first;
      throw new OptionError({ asked: 'features', wrong: 'no extractor is made for such images', got: sides, expected });
    }
    const chosen = registry.get(name);
    if (chosen.accepts(shape)) return chosen;
    throw new OptionError({ asked: `features '${name}'`, wrong: 'not made for such images', got: sides, expected });
  },
};
