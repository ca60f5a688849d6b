import { resolve } from 'node:path';
import { DpbenchError } from '../core/errors.js';
import { evenLabels, type LabeledImages } from '../core/images.js';
import { progressGroup, type ProgressGroup } from '../core/progress.js';
import { SecureStream, SeededStream } from '../core/rng.js';
import { Charging, Mechanisms } from '../mechanisms/index.js';
import type { FitContext } from '../methods/contract.js';
import type { MetricContext } from '../metrics/contract.js';
import { FeatureStore } from '../metrics/features/feature-store.js';
import { evaluateMetrics } from './evaluate.js';
import { newResultFolder, saveRun, type RunRecord } from './result-folder.js';
import { Run } from './run-result.js';
import { heldOutPart, prepare, trainingPart, type Preparation } from './prepare-run.js';
import { checkRunOptions, type CheckedOptions, type RunOptions } from './run-options.js';
import { PretrainedFolder } from './pretrained/pretrained-folder.js';
import { curveReference } from './curve-reference.js';
import { CurveRecorder } from './result-curve.js';
import { StageRecorder, type Stage } from './stages.js';
import { UnfinishedRun, unfinishedFolder } from './unfinished/unfinished-run.js';
import { versions } from './versions.js';

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
      const { record, images, stages } = await train({ options, checked, prepared, unfinished, group, owned });
      const seconds = (performance.now() - started) / 1000;
      const folder = await saveRun({ ...record, seconds }, { images, stages }, out);
      unfinished.finish();
      return new Run({ ...record, seconds }, images, folder, stages);
    } catch (error) {
      throw unfinished.leave() ? saysWhereItLies(error, unfinished.folder) : error;
    } finally {
      for (const disposable of owned.reverse()) disposable.dispose();
    }
  });
}

/** Trains, synthesises and scores: everything of the result but the time that it took. */
async function train(work: {
  readonly options: RunOptions;
  readonly checked: CheckedOptions;
  readonly prepared: Preparation;
  readonly unfinished: UnfinishedRun;
  readonly group: ProgressGroup;
  readonly owned: { dispose(): void }[];
}): Promise<{ record: Omit<RunRecord, 'seconds'>; images: LabeledImages; stages: readonly Stage[] }> {
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
  const isNoisy = checked.utility.selection === 'noisy';
  const own: FitContext<unknown>['own'] = (disposable) => {
    owned.push(disposable);
    return disposable;
  };
  const charging = new Charging({ plan, noiseMultiplier, ledger, journal });
  own({ dispose: () => charging.end() });
  const common = { plan, noiseMultiplier, ledger, noise, signal, journal, charging };
  const mechanisms = new Mechanisms({ ...common, sensitive: dataset.train, ...(isNoisy && { part: trainingPart }) });
  const stream = new SeededStream(seed).fork(method.id);
  const store = new FeatureStore(checked.extractor, signal);
  const { against } = checked.curve;
  const curve = new CurveRecorder({
    ...{ at: checked.curve.at, samples: checked.curve.samples, scale, group, folder: unfinished.folder },
    reference:
      against === 'none'
        ? undefined
        : curveReference(against, { dataset, publicDataset, root: options.root, store, folder: unfinished.folder }),
    features: checked.extractor.name,
    classes: dataset.classes.length,
  });
  const onSnapshot: CurveRecorder['look'] = (at, sample) => curve.look(at, sample);
  const shown = new StageRecorder(unfinished.folder, group);
  const onStage = (title: string, images: LabeledImages) => Promise.resolve(shown.show(title, images));
  const pretrained = new PretrainedFolder(signal, (work) => unfinished.beginsPretraining(work));
  const about = { mechanisms, facts, params, stream, publicDataset, signal, own };
  const model = await method.fit({ ...about, onSnapshot, onStage, pretrained, checkpoint });
  if (!isNoisy) mechanisms.finish();
  group.keep({ epsilon: ledger.spent().upper });

  const labels = evenLabels(samples, facts.classes.length);
  const images: LabeledImages = { ...(await model.sample(labels, stream.fork('samples'))), labels };
  const failures: Record<string, string> = {};
  const scored: MetricContext = {
    ...{ synthetic: images, dataset, scale, seed, signal, features: store, selection: checked.utility.selection },
    ...(isNoisy && { heldOut: new Mechanisms({ ...common, sensitive: dataset.validation!, part: heldOutPart }) }),
  };
  const metrics = await evaluateMetrics(checked.metrics, scored, failures);
  // A choice that was planned and not made leaves a ledger that differs from its plan: its failure is one of the run.
  if (isNoisy && failures['accuracy'] !== undefined)
    throw new DpbenchError({ asked: 'metric accuracy', wrong: failures['accuracy'] });
  if (isNoisy) mechanisms.finish();
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
    ...(options.warmUp === 'central-images' && { warmUp: options.warmUp }),
    ...(publicDataset && { publicDataset: publicDataset.name, publicRecords: publicDataset.images.count }),
    ...(pretrained.models.length > 0 && { pretrained: pretrained.models }),
    processes,
    private: insecureNoiseSeed === undefined,
    metrics,
    ...(Object.keys(failures).length > 0 && { failures }),
    curve: curve.result(),
    ledger,
    request,
    versions: versions(),
  };
  return { record, images, stages: shown.stages };
}

/** The same error, which tells where the run lies; one whose message is fixed (an abort's) stays as it is. */
function saysWhereItLies(error: unknown, folder: string): unknown {
  if (error instanceof Error && Object.hasOwn(error, 'message'))
    error.message = `${error.message.replace(/\.$/, '')}. What the run spent and saved is kept in ${folder}.`;
  return error;
}
