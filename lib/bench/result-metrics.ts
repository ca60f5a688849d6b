import { Diagnostic } from '../core/diagnostic.js';
import type { MetricResult, TrainingCurve } from '../core/results.js';

/** A type as JSON gives it back: numbers where there were diagnostics. */
type Stored<T> =
  T extends Diagnostic<infer Value>
    ? Value
    : T extends readonly (infer Item)[]
      ? readonly Stored<Item>[]
      : T extends object
        ? { readonly [Name in keyof T]: Stored<T[Name]> }
        : T;

export type StoredMetric = Stored<MetricResult>;
export type StoredCurve = Stored<TrainingCurve>;

/** Scores as a result file holds them, marked as diagnostics again. */
export function readMetrics(
  stored: Readonly<Record<string, StoredMetric>>,
  of: string,
): Readonly<Record<string, MetricResult>> {
  const read = Object.entries(stored).map(([id, result]): [string, MetricResult] => {
    const diagnostic = (value: number) => new Diagnostic(value, `${id} of ${of}`);
    const { interval, parts } = result;
    const read: MetricResult = {
      ...result,
      value: diagnostic(result.value),
      interval: interval && { ...interval, lower: diagnostic(interval.lower), upper: diagnostic(interval.upper) },
      parts: parts?.map((part) => ({ ...part, value: diagnostic(part.value) })),
    };
    return [id, read];
  });
  return Object.fromEntries(read);
}

/** A curve likewise; one of before there were other references holds distances to private images. */
export function readCurvePoints(stored: Partial<StoredCurve>): TrainingCurve {
  const { metric = 'fid', features = '', samples = 0, points = [], isPrivate = true } = stored;
  const against = stored.against ?? 'the private training images';
  const marked = points.map(({ step, value }) => ({ step, value: isPrivate ? new Diagnostic(value, 'FID') : value }));
  return { metric, against, isPrivate, features, samples, points: marked };
}
