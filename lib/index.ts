// Everything public, by folder. In a notebook cell all of it is there as `dp`.

// words
export { DpbenchError, OptionError, BudgetError, DataError, EngineError } from './core/errors.js';
export { Diagnostic } from './core/diagnostic.js';
export type { Images, LabeledImages } from './core/images.js';
export type { MetricResult, RunSummary, TrainingCurve } from './core/results.js';
export { onProgress, progressGroup, ProgressTask } from './core/progress.js';
export { SecureStream, SeededStream } from './core/rng.js';
export { countOrZero, memberName } from './core/options.js';
export { count, flag, fraction, notNegative, oneOf, positive, type Scale } from './core/options.js';

// data
export { datasets } from './data/datasets.js';
export type { Dataset, PublicDataset } from './data/contract.js';

// privacy: numbers in, numbers out
export { accountants, audit, epsilon, Ledger, noiseMultiplier, type AuditResult } from './privacy/index.js';
export { composedEvent, gaussianEvent, poissonSampledEvent, selfComposedEvent } from './core/events.js';
export { dpSgd, shardedCritics } from './mechanisms/index.js';
export { gaussian, gaussianOnSamples, noisyHistogram, noisyMax, reuse } from './mechanisms/index.js';
export { PoissonSampling, preview, Sensitive } from './mechanisms/index.js';

// methods and metrics
export { methods } from './methods/methods.js';
export { defineMethod } from './methods/contract.js';
export { imageGenerators } from './methods/private-evolution/image-generators.js';
export type { GeneratedImages, ImageGenerator } from './methods/private-evolution/image-generator.js';
export { metrics } from './metrics/metrics.js';
export { features } from './metrics/features/extractors.js';

// one run, many runs
export { run } from './bench/run.js';
export { pretrain, type PretrainedModels } from './bench/pretrained/pretrain.js';
export { resume } from './bench/resume.js';
export type { Run } from './bench/run-result.js';
export { sweep, type Sweep } from './bench/sweep.js';
export { evaluate } from './bench/evaluate.js';
export type { Evaluation } from './bench/evaluation.js';
export { memorisation } from './bench/memorisation.js';

// pictures
export {
  budget,
  compare,
  epsilonCurve,
  epsilonUtility,
  fidCurve,
  grid,
  metricsTable,
  selectionOptimism,
  stages,
  table,
} from './display/index.js';
