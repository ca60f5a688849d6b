import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { composedEvent } from '../core/events.js';
import { evenLabels, type LabeledImages } from '../core/images.js';
import { progressGroup, type ProgressGroup } from '../core/progress.js';
import { SecureStream, SeededStream } from '../core/rng.js';
import type { Dataset, PublicDataset } from '../data/contract.js';
import { datasets } from '../data/datasets.js';
import { inShape } from '../data/shape-of-images.js';
import { measure, Mechanisms, type PlannedRelease, type PublicFacts } from '../mechanisms/index.js';
import type { FitContext } from '../methods/contract.js';
import { features } from '../metrics/features/extractors.js';
import { FeatureStore } from '../metrics/features/feature-store.js';
import { calibrate, defaultAccountant } from '../privacy/index.js';
import { evaluateMetrics } from './evaluate.js';
import { newResultFolder, saveRun, type RunRecord } from './result-folder.js';
import { Run } from './run-result.js';
import { checkRunOptions, requestOf, type RunOptions } from './run-options.js';
import { CurveRecorder } from './result-curve.js';
import { UnfinishedRun, unfinishedFolder, type RunIdentity } from './unfinished/unfinished-run.js';
import { versions } from './versions.js';

type Checked = ReturnType<typeof checkRunOptions>;

/** What is known before anything private is read. */
interface Preparation {
  readonly dataset: Dataset;
  readonly publicDataset: PublicDataset | undefined;
  readonly plan: readonly PlannedRelease[];
  readonly identity: RunIdentity;
}

/**
 * One run: calibrates the noise for the requested budget, trains the method, synthesises images, scores them, checks that
 * the ledger equals the plan, and writes the result folder.
 *
 * While it works, what it has spent and saved lies in `<out>.unfinished`. The same request with the same `out` goes on from
 * there after a crash, an abort or a kill: what was released is not released again, and what was spent stays spent.
 *
 * @example
 * const run = await dp.run({ method: 'dp-merf', dataset: 'mnist-10k', epsilon: 10 });
 * run   // draws itself: images, scores, budget
 * @throws OptionError for unknown names and bad values, BudgetError when the budget cannot be kept.
 */
export async function run(options: RunOptions): Promise<Run> {
  const checked = checkRunOptions(options);
  const { method, dataset, epsilon } = options;
  const { scale, seed } = checked;
  const out = options.out ? resolve(options.out) : newResultFolder({ method, dataset, epsilon, scale, seed });
  return progressGroup(`${method} on ${dataset}, epsilon ${epsilon}`, async (group) => {
    const started = performance.now();
    group.keep({ curve: undefined, samples: undefined, epsilon: undefined }); // those of the run before it in a sweep
    const prepared = await prepare(options, checked);
    const about = { root: options.root ?? null, versions: versions() };
    const unfinished = UnfinishedRun.open(unfinishedFolder(out), prepared.identity, about);
    if (unfinished.resumed) group.part = [group.part, 'going on where it was stopped'].filter(Boolean).join(', ');
    const owned: { dispose(): void }[] = [];
    try {
      const { record, images } = await train({ options, checked, prepared, unfinished, group, owned });
      const seconds = (performance.now() - started) / 1000;
      const folder = await saveRun({ ...record, seconds }, images, out);
      unfinished.finish();
      return new Run({ ...record, seconds }, images, folder);
    } catch (error) {
      throw unfinished.leave() ? saysWhereItLies(error, unfinished.folder) : error;
    } finally {
      for (const disposable of owned.reverse()) disposable.dispose();
    }
  });
}

/** Reads the data and finds the noise multiplier with which the whole plan costs at most the epsilon that was asked for. */
async function prepare(options: RunOptions, { method, params, seed }: Checked): Promise<Preparation> {
  const { epsilon, root, limit } = options;
  const dataset = await datasets.load(options.dataset, { root, limit, seed });
  const { facts } = dataset.train;
  const publicDataset = await loadPublic(options, facts);
  const plan = method.spends(params, facts);
  const { size } = facts;
  const { delta = 1 / (size * Math.log(size)) } = options;
  const event = (noiseMultiplier: number) => composedEvent(plan.map((release) => release.event(noiseMultiplier)));
  const accountant = options.accountant ?? defaultAccountant(event(1));
  const names = plan.map(({ of }) => of);
  const noiseMultiplier = calibrate(event, { epsilon, delta, accountant, names });
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

/** The public dataset that was asked for, in the shape of the private images. */
async function loadPublic({ publicDataset, root }: RunOptions, { shape }: PublicFacts) {
  if (publicDataset === undefined) return undefined;
  const loaded = await datasets.loadPublic(publicDataset, { root });
  return { ...loaded, images: inShape(loaded.images, shape) };
}

/** Trains, synthesises and scores: everything of the result but the time that it took. */
async function train(work: {
  readonly options: RunOptions;
  readonly checked: Checked;
  readonly prepared: Preparation;
  readonly unfinished: UnfinishedRun;
  readonly group: ProgressGroup;
  readonly owned: { dispose(): void }[];
}): Promise<{ record: Omit<RunRecord, 'seconds'>; images: LabeledImages }> {
  const { options, checked, prepared, unfinished, group, owned } = work;
  const { method, params, scale, seed, samples } = checked;
  const { dataset, publicDataset, plan } = prepared;
  const { delta, accountant, noiseMultiplier, request } = prepared.identity;
  const { epsilon, signal, insecureNoiseSeed, ledger: chargedTo } = options;
  const { facts } = dataset.train;
  const { checkpoint, journal } = unfinished;
  const { processes } = unfinished.file;

  const ledgerOptions = { delta, accountant, epsilonTarget: epsilon, dataset: dataset.name };
  const ledger = unfinished.ledger({ ...ledgerOptions, chargedTo });
  // A test's repeatable noise must not begin anew in a later process.
  const noiseSeed = insecureNoiseSeed === undefined ? undefined : insecureNoiseSeed + (processes - 1) / 2 ** 16;
  const noise = new SecureStream(noiseSeed);
  const mechanisms = new Mechanisms({
    sensitive: dataset.train,
    plan,
    noiseMultiplier,
    ledger,
    noise,
    signal,
    journal,
  });
  const stream = new SeededStream(seed).fork(method.id);
  const curve = new CurveRecorder(dataset, scale, group, unfinished.folder);
  const own: FitContext<unknown>['own'] = (disposable) => {
    owned.push(disposable);
    return disposable;
  };
  const onSnapshot: CurveRecorder['look'] = (at, sample) => curve.look(at, sample);
  const context = { mechanisms, facts, params, stream, publicDataset, signal, own, onSnapshot, checkpoint };
  const model = await method.fit(context);
  mechanisms.finish();
  group.keep({ epsilon: ledger.spent().upper });

  const labels = evenLabels(samples, facts.classes.length);
  const images: LabeledImages = { ...(await model.sample(labels, stream.fork('samples'))), labels };
  const metrics = await evaluateMetrics(checked.metrics, {
    ...{ synthetic: images, dataset, scale, seed, signal },
    features: new FeatureStore(features.forShape(dataset.shape), signal),
  });
  const record = {
    method: method.id,
    dataset: dataset.name,
    scale,
    seed,
    epsilon,
    delta,
    accountant,
    noiseMultiplier,
    params,
    classes: facts.classes,
    trainingRecords: facts.size,
    ...(publicDataset && { publicDataset: publicDataset.name, publicRecords: publicDataset.images.count }),
    processes,
    private: insecureNoiseSeed === undefined,
    metrics,
    curve: curve.result(),
    ledger,
    request,
    versions: versions(),
  };
  return { record, images };
}

/** The same error, which tells where the run lies; one whose message is fixed (an abort's) stays as it is. */
function saysWhereItLies(error: unknown, folder: string): unknown {
  if (error instanceof Error && Object.hasOwn(error, 'message'))
    error.message = `${error.message.replace(/\.$/, '')}. What the run spent and saved is kept in ${folder}.`;
  return error;
}
