import { composedEvent } from '../core/events.js';
import { evenLabels, type LabeledImages } from '../core/images.js';
import { progressGroup, type ProgressGroup } from '../core/progress.js';
import { SecureStream, SeededStream } from '../core/rng.js';
import { datasets } from '../data/datasets.js';
import { inShape } from '../data/shape-of-images.js';
import { Mechanisms, type PlannedRelease, type PublicFacts } from '../mechanisms/index.js';
import type { Checkpoint, FitContext } from '../methods/contract.js';
import { calibrate, defaultAccountant, Ledger } from '../privacy/index.js';
import { evaluateMetrics } from './evaluate.js';
import { saveRun, type RunRecord } from './result-folder.js';
import { Run } from './run-result.js';
import { checkRunOptions, requestOf, type RunOptions } from './run-options.js';
import { CurveRecorder } from './result-curve.js';
import { versions } from './versions.js';

/**
 * One run: calibrates the noise for the requested budget, trains the method, synthesises images, scores them, checks that
 * the ledger equals the plan, and writes the result folder.
 *
 * @example
 * const run = await dp.run({ method: 'dp-merf', dataset: 'mnist-10k', epsilon: 10 });
 * run   // draws itself: images, scores, budget
 * @throws OptionError for unknown names and bad values, BudgetError when the budget cannot be kept.
 */
export async function run(options: RunOptions): Promise<Run> {
  const checked = checkRunOptions(options);
  const name = `${options.method} on ${options.dataset}, epsilon ${options.epsilon}`;
  const owned: { dispose(): void }[] = [];
  try {
    return await progressGroup(name, (group) => runChecked(options, checked, group, owned));
  } finally {
    for (const disposable of owned.reverse()) disposable.dispose();
  }
}

async function runChecked(
  options: RunOptions,
  checked: ReturnType<typeof checkRunOptions>,
  group: ProgressGroup,
  owned: { dispose(): void }[],
) {
  const started = performance.now();
  group.keep({ curve: undefined, samples: undefined, epsilon: undefined }); // those of the run before it in a sweep
  const { method, params, scale, seed, samples } = checked;
  const { epsilon, signal, root, limit, insecureNoiseSeed } = options;
  const stream = new SeededStream(seed).fork(method.id);
  const dataset = await datasets.load(options.dataset, { root, limit, seed });
  const { facts } = dataset.train;
  const publicDataset = await loadPublic(options, facts);
  const plan = method.spends(params, facts);
  const { delta, accountant, noiseMultiplier } = calibratePlan(plan, facts, options);
  const run = `${method.id} at epsilon ${epsilon}, seed ${seed}`;
  const charge = { chargedTo: options.ledger, run, dataset: dataset.name };
  const ledger = new Ledger({ delta, accountant, epsilonTarget: epsilon, ...charge });
  const noise = new SecureStream(insecureNoiseSeed);
  const mechanisms = new Mechanisms({ sensitive: dataset.train, plan, noiseMultiplier, ledger, noise, signal });

  const curve = new CurveRecorder(dataset, scale, group);
  const onSnapshot: CurveRecorder['look'] = (at, sample) => curve.look(at, sample);
  const own: FitContext<unknown>['own'] = (disposable) => {
    owned.push(disposable);
    return disposable;
  };
  // Nothing is kept between processes yet.
  const checkpoint: Checkpoint = { load: async () => undefined, save: async () => undefined };
  const model = await method.fit({
    mechanisms,
    facts,
    params,
    stream,
    signal,
    own,
    onSnapshot,
    checkpoint,
    publicDataset,
  });
  mechanisms.finish();
  group.keep({ epsilon: ledger.spent().upper });

  const labels = evenLabels(samples, facts.classes.length);
  const synthetic: LabeledImages = { ...(await model.sample(labels, stream.fork('samples'))), labels };
  const context = { synthetic, dataset, scale, seed, signal };
  const metrics = await evaluateMetrics(checked.metrics, context);
  const record: RunRecord = {
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
    private: insecureNoiseSeed === undefined,
    metrics,
    curve: curve.result(),
    ledger,
    request: requestOf(options),
    seconds: (performance.now() - started) / 1000,
    versions: versions(),
  };
  const folder = await saveRun(record, synthetic, options.out);
  return new Run(record, synthetic, folder);
}

/** The public dataset that was asked for, in the shape of the private images. */
async function loadPublic({ publicDataset, root }: RunOptions, { shape }: PublicFacts) {
  if (publicDataset === undefined) return undefined;
  const loaded = await datasets.loadPublic(publicDataset, { root });
  return { ...loaded, images: inShape(loaded.images, shape) };
}

/** The noise multiplier with which the whole plan costs at most the epsilon that was asked for. */
function calibratePlan(plan: readonly PlannedRelease[], { size }: PublicFacts, options: RunOptions) {
  const { epsilon, delta = 1 / (size * Math.log(size)) } = options;
  const event = (noiseMultiplier: number) => composedEvent(plan.map((release) => release.event(noiseMultiplier)));
  const accountant = options.accountant ?? defaultAccountant(event(1));
  const names = plan.map(({ of }) => of);
  return { delta, accountant, noiseMultiplier: calibrate(event, { epsilon, delta, accountant, names }) };
}
