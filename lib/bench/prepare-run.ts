import { createHash } from 'node:crypto';
import { composedEvent } from '../core/events.js';
import { OptionError } from '../core/errors.js';
import type { Dataset, PublicDataset } from '../data/contract.js';
import { datasets } from '../data/datasets.js';
import { publishedFile } from '../data/published-file.js';
import { inShape } from '../data/shape-of-images.js';
import { measure, onPart, type PlannedRelease, type PublicFacts } from '../mechanisms/index.js';
import { selectionReleases } from '../metrics/utility/selection-releases.js';
import { accountants, calibrate, defaultAccountant, type AccountantId } from '../privacy/index.js';
import { requestOf, type CheckedOptions, type RunOptions } from './run-options.js';
import type { RunIdentity } from './unfinished/unfinished-run.js';

/** What is known before anything private is read. */
export interface Preparation {
  readonly dataset: Dataset;
  readonly publicDataset: PublicDataset | undefined;
  readonly plan: readonly PlannedRelease[];
  readonly identity: RunIdentity;
}

/** Reads the data and finds the noise multiplier with which the whole plan costs at most the epsilon that was asked for. */
export async function prepare(options: RunOptions, checked: CheckedOptions): Promise<Preparation> {
  const { epsilon, root, limit } = options;
  const { method, params, seed, utility } = checked;
  const { heldOut } = utility;
  const { weights } = checked.extractor;
  if (weights) await publishedFile({ ...weights, signal: options.signal }); // its absence is told now, not after training
  const dataset = await datasets.load(options.dataset, { root, limit, seed, heldOut });
  const { facts } = dataset.train;
  const publicDataset = await loadPublic(options, facts);
  method.refuse?.({ facts, params, publicDataset });
  const training = method.spends(params, facts);
  const { size } = facts;
  const { delta = 1 / (size * Math.log(size)) } = options;
  const event = (noiseMultiplier: number) => composedEvent(training.map((release) => release.event(noiseMultiplier)));
  const accountant = options.accountant ?? defaultAccountant(event(1));
  const names = training.map(({ of }) => of);
  const noiseMultiplier = calibrate(event, { epsilon, delta, accountant, names });
  const plan = utility.selection === 'noisy' ? withSelection(training, checked, dataset) : training;
  refuseUnaccountable(plan, noiseMultiplier, accountant);
  const checksum = await measure(dataset.train, 'checksum', ({ data, labels }) =>
    createHash('sha256').update(data).update(labels).digest('hex'),
  );
  const data = { ...facts, checksum };
  const lines = plan.map((release) => {
    const { of, mechanism, sensitivity } = release;
    return { of, mechanism, sensitivity, event: release.event(noiseMultiplier) };
  });
  const plain = { request: requestOf(options), data, delta, accountant, noiseMultiplier, plan: lines };
  // As it is stored, so that it can be compared with what was stored.
  return { dataset, publicDataset, plan, identity: JSON.parse(JSON.stringify(plain)) as RunIdentity };
}

/** An accountant that cannot take a planned release would say so when the training is over. */
function refuseUnaccountable(plan: readonly PlannedRelease[], noiseMultiplier: number, accountant: AccountantId): void {
  for (const release of plan) {
    const refused = accountants.get(accountant).refuses(release.event(noiseMultiplier));
    if (refused !== undefined)
      throw new OptionError({
        asked: `accountant ${accountant}`,
        wrong: `it cannot account for '${release.of}'`,
        got: refused,
        next: 'Leave the accountant out, or choose another (dpbench list).',
      });
  }
}

/** The public dataset that was asked for, in the shape of the private images. */
async function loadPublic({ publicDataset, root }: RunOptions, { shape }: PublicFacts) {
  if (publicDataset === undefined) return undefined;
  const loaded = await datasets.loadPublic(publicDataset, { root });
  return { ...loaded, images: inShape(loaded.images, shape) };
}

/**
 * The method's releases on the training part, then the choice of epochs on the held-out part. A record is in one of them: together
 * they cost the dearer one (McSherry 2009).
 */
function withSelection(
  training: readonly PlannedRelease[],
  { scale, utility: { selectionEpsilon } }: CheckedOptions,
  dataset: Dataset,
): PlannedRelease[] {
  const { validation } = dataset;
  const replaced = training.find(({ relation }) => relation === 'replace-one');
  if (replaced)
    throw new OptionError({
      asked: 'dp.run',
      wrong: `the selection 'noisy' divides the data, and '${replaced.of}' is analysed under replace-one, where records move`,
      expected: 'a method under add-or-remove-one',
      next: "Pass { selection: 'synthetic' }, or evaluate the result by dp.evaluate with a ledger of its own.",
    });
  const reused = training.find(({ mechanism }) => mechanism === 'reuse');
  if (reused)
    throw new OptionError({
      asked: 'dp.run',
      wrong: `the selection 'noisy' divides the data, and '${reused.of}', which the method uses again, saw all of them`,
      next: "Pass { selection: 'synthetic' }.",
    });
  // The division depends on the number alone: the same for all runs on a dataset that hold out as many.
  const division = `${validation!.size} held out`;
  const releases = selectionReleases(scale, dataset, selectionEpsilon!);
  return [
    ...training.map((release) => onPart(release, { division, part: trainingPart })),
    ...releases.map((release) => onPart(release, { division, part: heldOutPart })),
  ];
}

export const [trainingPart, heldOutPart] = ['training', 'held out'];
