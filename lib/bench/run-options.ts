import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { check, checkKeys, checkOneOf } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import { scales, type Scale } from '../core/options.js';
import { datasets } from '../data/datasets.js';
import type { DatasetName } from '../data/index.js';
import { withCentralImages } from '../methods/central-images.js';
import type { AnyMethod } from '../methods/contract.js';
import type { MethodName } from '../methods/index.js';
import { methods } from '../methods/methods.js';
import { methodParameters } from '../methods/settings.js';
import type { MetricName } from '../metrics/index.js';
import { features } from '../metrics/features/extractors.js';
import type { ExtractorName } from '../metrics/features/index.js';
import { metrics } from '../metrics/metrics.js';
import { checkSelection, type SelectionOptions } from '../metrics/utility/selection.js';
import { checkCurve, type CurveAgainst, type CurveOptions } from './curve-options.js';
import { accountants, Ledger, type AccountantId } from '../privacy/index.js';

/** What a parameter may be given as; no `Diagnostic`, since nothing that trains may depend on one. */
export type ParameterInput = number | string | boolean | readonly (number | string)[] | undefined;

/** What `dp.run` takes: only method, dataset and epsilon must be given. */
export interface RunOptions extends SelectionOptions {
  /** Name of a method: `dp.methods.names()`. */
  readonly method: MethodName;
  /** Name of a dataset: `dp.datasets.names()`. */
  readonly dataset: DatasetName;
  /** Privacy budget: the whole run costs at most this. */
  readonly epsilon: number;
  /** Probability that the guarantee does not hold; 1 / (N ln N) when left out. */
  readonly delta?: number;
  readonly scale?: Scale;
  readonly accountant?: AccountantId;
  /** Name of a public dataset to train with first, for methods that take one. */
  readonly publicDataset?: DatasetName;
  /**
   * `central-images`: train on noisy mean images of the private classes first (DP-FETA), where the method would take a public
   * dataset; what they cost is a part of the budget.
   */
  readonly warmUp?: 'none' | 'central-images';
  /** Governs weights, latents and splits; never the privacy noise. */
  readonly seed?: number;
  /** Parameters of the method that differ from the defaults of its scale. */
  readonly params?: Readonly<Record<string, ParameterInput>>;
  readonly metrics?: readonly MetricName[];
  /** Name of a feature extractor: `dp.features.names()`; the first that is made for such images when left out. */
  readonly features?: ExtractorName;
  /** What the FID curve compares samples with while the method trains; see `CurveOptions`. */
  readonly curve?: CurveAgainst | CurveOptions;
  /** Synthetic images to make; the scale's number when left out. */
  readonly samples?: number;
  /** At most so many training records. */
  readonly limit?: number;
  /** Folder that holds the dataset's folder. */
  readonly root?: string;
  /** Folder of the result; a new one under `results/` when left out. */
  readonly out?: string;
  /** Charged for this run too, before each release: several runs on the same data then have a total (`dp.Ledger`). */
  readonly ledger?: Ledger;
  /** Makes the privacy noise repeatable, for tests: the result is marked as not private. */
  readonly insecureNoiseSeed?: number;
  readonly signal?: AbortSignal;
}

const keys: readonly (keyof RunOptions)[] = [
  'method',
  'dataset',
  'epsilon',
  'delta',
  'scale',
  'accountant',
  'publicDataset',
  'warmUp',
  'seed',
  'params',
  'metrics',
  'features',
  'curve',
  'selection',
  'selectionEpsilon',
  'heldOut',
  'samples',
  'limit',
  'root',
  'out',
  'ledger',
  'insecureNoiseSeed',
  'signal',
];

/** Checks everything that can be checked before data are read. */
export function checkRunOptions(options: RunOptions) {
  const asked = 'dp.run';
  checkKeys(asked, options, keys);
  for (const name of ['method', 'dataset', 'epsilon'] as const)
    if (options[name] === undefined)
      throw new OptionError({ asked, wrong: `${name} is missing`, expected: 'method, dataset and epsilon' });
  const { scale = 'laptop', seed = 0, epsilon, delta, samples, accountant } = options;
  checkOneOf(asked, 'scale', scale, scales);
  check('positive', asked, { epsilon });
  check('countOrZero', asked, { seed });
  if (delta !== undefined) check('probability', asked, { delta });
  if (samples !== undefined) check('count', asked, { samples });
  if (accountant !== undefined) accountants.get(accountant);
  if (options.out !== undefined) refuseExisting(options.out);
  if (options.ledger !== undefined && !(options.ledger instanceof Ledger))
    throw new OptionError({ asked, wrong: 'ledger is no ledger', got: options.ledger, expected: 'a dp.Ledger' });
  const method = warmedUp(methods.get(options.method), options);
  const params = methodParameters(method, { scale, dataset: options.dataset, epsilon }, options.params);
  datasets.describe(options.dataset);
  checkPublicDataset(method, options);
  const chosen = {
    metrics: metrics.chosen(options.metrics),
    extractor: features.forShape(datasets.describe(options.dataset).shape, options.features, scale),
    curve: checkCurve(asked, options.curve, options),
    utility: checkRunSelection(asked, options),
  };
  return { method, params, scale, seed, samples: samples ?? method.samples[scale], ...chosen };
}

/** What `checkRunOptions` gives: names looked up, defaults filled in. */
export type CheckedOptions = ReturnType<typeof checkRunOptions>;

/**
 * Everything that decides what a run computes, defaults filled in: stored with the result, so that a result made with any
 * other setting is never taken for this one.
 */
export function requestOf(options: RunOptions): Readonly<Record<string, unknown>> {
  const { out: _out, ...rest } = options;
  const { method, params, scale, seed, samples, utility, curve, ...chosen } = checkRunOptions(rest);
  const { dataset, epsilon, delta = null, accountant = null, limit = null, insecureNoiseSeed = null } = options;
  const { publicDataset = null, warmUp = 'none' } = options;
  const names = chosen.metrics?.map(({ id }) => id) ?? null;
  return {
    ...{ method: method.id, dataset, publicDataset, epsilon, delta, accountant, scale, seed, params },
    ...{ metrics: names, features: chosen.extractor.id, curve, samples, limit, insecureNoiseSeed },
    ...{ selection: utility.selection, selectionEpsilon: utility.selectionEpsilon ?? null },
    ...{ heldOut: utility.heldOut ?? null },
    // Absent where there is none: results from before there was one are found again.
    ...(warmUp !== 'none' && { warmUp }),
  };
}

/** How classifiers are selected. A noisy choice on held-out records may cost as much as the run: a record is in one part only. */
function checkRunSelection(asked: string, options: RunOptions) {
  const { selection, selectionEpsilon, heldOut } = checkSelection(asked, options);
  if (selection !== 'noisy') return { selection, heldOut };
  if (options.metrics && !options.metrics.includes('accuracy'))
    throw new OptionError({
      asked,
      wrong: "the selection 'noisy' chooses epochs of the classifiers of accuracy, which is not among the metrics",
      got: options.metrics,
      expected: 'metrics with accuracy, or none named',
      next: "Add it, or pass { selection: 'synthetic' }.",
    });
  if (selectionEpsilon !== undefined && selectionEpsilon > options.epsilon)
    throw new OptionError({
      asked,
      wrong: 'selectionEpsilon is larger than the budget of the run',
      got: selectionEpsilon,
      expected: `at most ${options.epsilon}`,
    });
  return { selection, heldOut, selectionEpsilon: selectionEpsilon ?? options.epsilon };
}

/** The method, with central images before it when they are asked for. */
function warmedUp(method: AnyMethod, { warmUp = 'none', publicDataset }: RunOptions): AnyMethod {
  checkOneOf('dp.run', 'warmUp', warmUp, ['none', 'central-images']);
  if (warmUp === 'none') return method;
  if (publicDataset !== undefined)
    throw new OptionError({
      asked: 'dp.run',
      wrong: 'both warmUp and publicDataset are given, which a method would train on in the same stage',
      got: { warmUp, publicDataset },
      expected: 'one of them',
    });
  return withCentralImages(method);
}

export function checkPublicDataset(
  method: AnyMethod,
  { dataset, publicDataset }: Pick<RunOptions, 'dataset' | 'publicDataset'>,
): void {
  const { id, publicData = 'none' } = method;
  if (publicDataset === undefined) {
    if (publicData !== 'required') return;
    throw new OptionError({
      asked: id,
      wrong: 'the method trains on public images first, and publicDataset is missing',
      expected: datasets.publicNames().join(', '),
    });
  }
  if (publicData === 'none')
    throw new OptionError({
      asked: id,
      wrong: 'the method takes no public dataset',
      got: publicDataset,
      next: 'Leave publicDataset out.',
    });
  datasets.describePublic(publicDataset);
  if (datasets.sameRecords(publicDataset, dataset))
    throw new OptionError({
      asked: id,
      wrong: 'the public dataset holds records of the private one, which would be used without privacy',
      got: publicDataset,
      expected: 'another dataset',
    });
}

function refuseExisting(out: string): void {
  const folder = resolve(out);
  if (existsSync(folder))
    throw new OptionError({
      asked: 'dp.run',
      wrong: 'the result folder exists already',
      got: folder,
      next: 'Choose another `out`, or move the old result away.',
    });
}
