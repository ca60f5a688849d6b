import { composedEvent } from '../core/events.js';
import { evenLabels, type Images, type LabeledImages } from '../core/images.js';
import { progressGroup, type ProgressGroup } from '../core/progress.js';
import { SecureStream, SeededStream } from '../core/rng.js';
import type { CurvePoint, TrainingCurve } from '../core/results.js';
import type { Scale } from '../core/options.js';
import type { Dataset } from '../data/contract.js';
import { datasets } from '../data/datasets.js';
import { Mechanisms } from '../mechanisms/index.js';
import type { FitContext } from '../methods/contract.js';
import { digitCnn } from '../metrics/features/digit-cnn.js';
import { frechetToSensitive } from '../metrics/fid.js';
import { calibrate, defaultAccountant, Ledger } from '../privacy/index.js';
import { evaluateMetrics } from './evaluate.js';
import { showPoints } from './result-curve.js';
import { saveRun, type RunRecord } from './result-folder.js';
import { Run } from './run-result.js';
import { checkRunOptions, type RunOptions } from './run-options.js';
import { versions } from './versions.js';

/** Points of the FID curve and images scored for each. */
const curvePoints: Readonly<Record<Scale, number>> = { smoke: 2, laptop: 8, paper: 20 };
const curveSamples: Readonly<Record<Scale, number>> = { smoke: 100, laptop: 1000, paper: 5000 };

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
  const delta = options.delta ?? 1 / (facts.size * Math.log(facts.size));

  const plan = method.spends(params, facts);
  const planned = (noiseMultiplier: number) => plan.map((release) => release.event(noiseMultiplier));
  const accountant = options.accountant ?? defaultAccountant(composedEvent(planned(1)));
  const noiseMultiplier = calibrate((z) => composedEvent(planned(z)), { epsilon, delta, accountant });
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
  const model = await method.fit({ mechanisms, facts, params, stream, signal, own, onSnapshot });
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
    private: insecureNoiseSeed === undefined,
    metrics,
    curve: curve.result(),
    ledger,
    seconds: (performance.now() - started) / 1000,
    versions: versions(),
  };
  const folder = await saveRun(record, synthetic, options.out);
  return new Run(record, synthetic, folder);
}

/** Scores a few images a few times during training, for the eye: what it finds is a `Diagnostic`. */
class CurveRecorder {
  readonly #points: CurvePoint[] = [];
  #looked = 0;

  constructor(
    readonly dataset: Dataset,
    readonly scale: Scale,
    readonly group: ProgressGroup,
  ) {}

  async look(
    { step, steps }: { step: number; steps: number },
    sample: (labels: Uint8Array) => Promise<Images>,
  ): Promise<void> {
    // Points lie closer together at the beginning, where the curve falls: at steps * (k / n)^2.
    const next = Math.ceil(steps * ((this.#looked + 1) / curvePoints[this.scale]) ** 2);
    if (step < next || !this.#applies()) return;
    while (Math.ceil(steps * ((this.#looked + 1) / curvePoints[this.scale]) ** 2) <= step) this.#looked++;
    // One of each class after the other: the first few are shown while the run goes on.
    const { length } = this.dataset.classes;
    const labels = Uint8Array.from({ length: curveSamples[this.scale] }, (_, i) => i % length);
    const images = await sample(labels);
    const value = await frechetToSensitive({ ...images, labels }, this.dataset.train, digitCnn);
    this.#points.push({ step, value });
    this.group.keep({ curve: { name: 'FID', points: showPoints(this.#points) }, samples: images });
  }

  /** The digit features are for grey 28 x 28 images; other data have no curve until their features exist. */
  #applies(): boolean {
    const { height, width, channels } = this.dataset.shape;
    return height === 28 && width === 28 && channels === 1;
  }

  result(): TrainingCurve {
    return { metric: 'fid', features: digitCnn.name, samples: curveSamples[this.scale], points: this.#points };
  }
}
