import { accuracy } from './accuracy.js';
import type { Metric } from './contract.js';
import { fid } from './fid.js';

/** Every metric that comes with dpbench: one line a file. */
export const metricDefinitions: readonly Metric[] = [accuracy, fid];
