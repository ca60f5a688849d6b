let depth = 0;

/**
 * Products within stay float32 in a graph that is recorded for bfloat16: what a bound is proved by may not be rounded.
 *
 * @example const squaredNorms = inFullPrecision(() => tf.matMul(x, x, false, true));
 */
export function inFullPrecision<T>(work: () => T): T {
  depth++;
  try {
    return work();
  } finally {
    depth--;
  }
}

/** Whether ops are called within `inFullPrecision` now. */
export const fullPrecisionAsked = (): boolean => depth > 0;
