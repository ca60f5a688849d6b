import { check, checkKeys } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import { datasets } from '../data/datasets.js';
import type { DatasetName } from '../data/index.js';

/**
 * What samples are compared with while a method trains:
 * - the name of a public dataset: its images;
 * - `samples`: the samples one look before, which tells how much the model still changes;
 * - `sensitive`: the private training images, without noise: a `Diagnostic`, for the owner of the data;
 * - `none`: no looks.
 */
export type CurveAgainst = 'samples' | 'sensitive' | 'none' | DatasetName;

/** How the curve is measured. */
export interface CurveOptions {
  /** The public dataset of the run when left out, else `samples`. */
  readonly against?: CurveAgainst;
  /** Training steps to look at; the scale's number of looks, closer together at the beginning, when left out. */
  readonly at?: readonly number[];
  /** Samples for each look; the scale's number when left out. */
  readonly samples?: number;
}

/** The options with the default reference; everything that can be checked before data are read. */
export function checkCurve(
  asked: string,
  curve: CurveAgainst | CurveOptions | undefined,
  { dataset, publicDataset }: { readonly dataset: string; readonly publicDataset?: string | undefined },
): CurveOptions & { readonly against: CurveAgainst } {
  const given = typeof curve === 'string' ? { against: curve } : (curve ?? {});
  if (typeof given !== 'object' || given === null)
    throw new OptionError({
      asked,
      wrong: 'curve is no reference',
      got: curve,
      expected: 'a name or { against, at, samples }',
    });
  checkKeys(`${asked}, curve`, given, ['against', 'at', 'samples']);
  const { against = publicDataset ?? 'samples', at, samples } = given;
  if (!['samples', 'sensitive', 'none'].includes(against)) datasets.describePublic(against);
  if (!['samples', 'sensitive', 'none'].includes(against) && datasets.sameRecords(against, dataset))
    throw new OptionError({
      asked,
      wrong: 'the curve would compare samples with the private images as if they were public',
      got: against,
      expected: 'another public dataset, samples, sensitive or none',
      next: "Pass { curve: 'sensitive' } for a curve that is marked as a diagnostic.",
    });
  if (samples !== undefined) check('count', `${asked}, curve`, { samples });
  if (samples === 1)
    throw new OptionError({
      asked: `${asked}, curve`,
      wrong: 'one sample has no covariance',
      got: samples,
      expected: 'at least 2',
    });
  for (const step of at ?? []) check('count', `${asked}, curve`, { at: step });
  return {
    against,
    ...(at && { at: [...new Set(at)].sort((a, b) => a - b) }),
    ...(samples !== undefined && { samples }),
  };
}
