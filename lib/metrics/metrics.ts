import { OptionError } from '../core/errors.js';
import { Registry } from '../core/registry.js';
import type { Metric } from './contract.js';
import { metricDefinitions, type MetricName } from './index.js';

const registry = new Registry<Metric>('metric', metricDefinitions);

/** The metrics by name: `dp.metrics`. */
export const metrics = {
  names: (): string[] => registry.names(),
  get: (name: MetricName): Metric => registry.get(name),
  all: (): Metric[] => registry.all(),
  /** The members of a list of names, each once; undefined where nobody chose. */
  chosen(names: readonly MetricName[] | undefined): Metric[] | undefined {
    if (names === undefined) return undefined;
    if (Array.isArray(names)) return [...new Set(names as readonly string[])].map((name) => registry.get(name));
    throw new OptionError({ asked: 'metrics', wrong: 'no list of names', got: names, expected: "['fid', 'accuracy']" });
  },
  /** Adds a metric of your own: `dp.run({ metrics: [...] })` then knows it. */
  define: (metric: Metric): Metric => registry.define(metric, { replace: true }),
};
