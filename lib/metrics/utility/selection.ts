import { check, checkOneOf } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';

/** What the epoch of each classifier is chosen by. */
export const selections = ['synthetic', 'noisy', 'reference', 'final'] as const;

/**
 * - `synthetic`: right answers on synthetic images that were held out from the classifier. No private record takes part.
 * - `noisy`: right answers on sensitive records that the generator never saw, by report-noisy-max, charged to the ledger.
 * - `reference`: as the published tables were made: right answers on held-out sensitive records without noise (on synthetic ones
 *   when none are held out), then the best classifier on the sensitive test set. No epsilon covers that: the result is biased.
 * - `final`: the last epoch; nothing is chosen.
 */
export type Selection = (typeof selections)[number];

export interface SelectionOptions {
  readonly selection?: Selection;
  /** Pure epsilon of the choice in `noisy`, for all classifiers together. */
  readonly selectionEpsilon?: number;
  /** Training records to hold out for validation, `true` for the dataset's usual number; the method never sees them. */
  readonly heldOut?: number | true;
}

/** The options with their defaults; `noisy` needs held-out records, all else has no use for an epsilon. */
export function checkSelection(
  asked: string,
  { selection = 'synthetic', selectionEpsilon, heldOut }: SelectionOptions,
) {
  checkOneOf(asked, 'selection', selection, selections);
  if (heldOut !== undefined && heldOut !== true) check('count', asked, { heldOut });
  if (selectionEpsilon !== undefined) check('positive', asked, { selectionEpsilon });
  if (selectionEpsilon !== undefined && selection !== 'noisy')
    throw new OptionError({
      asked,
      wrong: `selectionEpsilon has no use with the selection '${selection}'`,
      got: selectionEpsilon,
      next: "Leave it out, or pass { selection: 'noisy' }.",
    });
  return { selection, selectionEpsilon, heldOut: selection === 'noisy' ? (heldOut ?? true) : heldOut };
}
