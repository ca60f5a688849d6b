export { Charging } from './charging.js';
export { Mechanisms } from './mechanisms.js';
export {
  dpSgd,
  gaussian,
  gaussianOnSamples,
  noisyHistogram,
  noisyMax,
  onPart,
  reuse,
  shardedCritics,
  type PlannedRelease,
} from './planned-release.js';
export { PoissonSampling } from './poisson.js';
export type { DpSgd, DpSgdQuery } from './dp-sgd/dp-sgd.js';
export type { CriticsQuery } from './sharded-critics/critics-query.js';
export type { ShardedCritics } from './sharded-critics/sharded-critics.js';
export type { Journal, ReleasedValue } from './journal.js';
export { areVectors, type OuterProduct, type RecordFeatures } from './outer-products.js';
export { derive, deriveAll, measure, measureBoth, preview } from './measure.js';
export { Sensitive, type PublicFacts, type SensitiveImages } from './sensitive.js';
export type { Released } from './released.js';
