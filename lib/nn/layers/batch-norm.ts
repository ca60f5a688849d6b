import { OptionError } from '../../core/errors.js';

/**
 * Refused, always: there is no private batch normalisation.
 *
 * @throws OptionError with the reason and the replacement.
 */
export function batchNorm(): never {
  throw new OptionError({
    asked: 'batchNorm',
    wrong:
      'batch normalisation mixes the examples of a batch, so no gradient belongs to one example and clipping bounds nothing',
    expected: 'a layer whose output for an example depends on that example only',
    next: 'Use groupNorm({ name, channels, groups }) or layerNorm({ name, size }).',
  });
}
