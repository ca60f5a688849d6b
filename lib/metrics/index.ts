import { accuracy } from './accuracy.js';
import type { Metric } from './contract.js';
import { fid } from './fid.js';
import { fld } from './fld.js';
import { imageReward } from './image-reward.js';
import { inceptionScore } from './inception-score.js';
import { kid } from './kid.js';
import { precision } from './precision.js';
import { recall } from './recall.js';

/** Every metric that comes with dpbench: one line a file. */
export const metricDefinitions = [
  accuracy,
  fid,
  inceptionScore,
  precision,
  recall,
  fld,
  kid,
  imageReward,
] as const satisfies readonly Metric[];

/** Name of a metric: one of these, or of one that was defined. */
export type MetricName = (typeof metricDefinitions)[number]['id'] | (string & {});
