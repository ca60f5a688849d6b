import { Registry } from '../core/registry.js';
import type { Metric } from './contract.js';
import { metricDefinitions, type MetricName } from './index.js';

const registry = new Registry<Metric>('metric', metricDefinitions);

/** The metrics by name: `dp.metrics`. */
export const metrics = {
  names: (): string[] => registry.names(),
  get: (name: MetricName): Metric => registry.get(name),
  all: (): Metric[] => registry.all(),
  /** Adds a metric of your own: `dp.run({ metrics: [...] })` then knows it. */
  define: (metric: Metric): Metric => registry.define(metric, { replace: true }),
};
