import { OptionError } from '../core/errors.js';
import type { Scale } from '../core/options.js';
import { SecureStream } from '../core/rng.js';
import type { Dataset } from '../data/contract.js';
import { Mechanisms } from '../mechanisms/index.js';
import { checkSelection, type SelectionOptions } from '../metrics/utility/selection.js';
import { selectionReleases } from '../metrics/utility/selection-releases.js';
import { Ledger } from '../privacy/index.js';

/** The selection of an evaluation that belongs to no run: a noisy choice must name its price. */
export function checkEvaluatedSelection(asked: string, options: SelectionOptions) {
  const checked = checkSelection(asked, options);
  if (checked.selection === 'noisy' && checked.selectionEpsilon === undefined)
    throw new OptionError({
      asked,
      wrong: "the selection 'noisy' spends budget, and selectionEpsilon is missing",
      expected: 'its pure epsilon, for all classifiers together',
      next: "Pass { selectionEpsilon: 0.5 }, say, or { selection: 'synthetic' }, which costs nothing.",
    });
  return checked;
}

/**
 * The mechanisms for a noisy selection on held-out records, and the ledger that it is charged to. Whether the generator saw these
 * records is not known here, so the choice adds up with whatever else `chargedTo` holds.
 */
export function noisySelection(
  dataset: Dataset,
  options: {
    readonly selectionEpsilon: number;
    readonly scale?: Scale;
    readonly ledger?: Ledger;
    readonly delta?: number;
    readonly signal?: AbortSignal;
  },
): { readonly heldOut: Mechanisms; readonly ledger: Ledger } {
  const { name, train, validation } = dataset;
  const { selectionEpsilon, scale = 'laptop', ledger: chargedTo, signal } = options;
  const size = train.size + validation!.size;
  const { delta = chargedTo?.delta ?? 1 / (size * Math.log(size)) } = options;
  const ledger = new Ledger({ delta, dataset: name, chargedTo, run: 'selection of classifiers' });
  const plan = selectionReleases(scale, dataset, selectionEpsilon);
  const noise = new SecureStream();
  return {
    heldOut: new Mechanisms({ sensitive: validation!, plan, noiseMultiplier: NaN, ledger, noise, signal }),
    ledger,
  };
}
