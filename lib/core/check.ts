import { OptionError } from './errors.js';
import { didYouMean } from './nearest.js';

/** A predicate over numbers with the words for it. */
interface Range {
  readonly words: string;
  holds(value: number): boolean;
}

const ranges = {
  /** A number above 0. */
  positive: { words: 'a number above 0', holds: (v) => v > 0 },
  /** A number of at least 0. */
  notNegative: { words: 'a number of at least 0', holds: (v) => v >= 0 },
  /** A whole number of at least 1. */
  count: { words: 'a whole number of at least 1', holds: (v) => Number.isSafeInteger(v) && v >= 1 },
  /** A whole number of at least 0. */
  countOrZero: { words: 'a whole number of at least 0', holds: (v) => Number.isSafeInteger(v) && v >= 0 },
  /** A number above 0 and at most 1. */
  fraction: { words: 'a number above 0 and at most 1', holds: (v) => v > 0 && v <= 1 },
  /** A number from 0 to 1. */
  share: { words: 'a number from 0 to 1', holds: (v) => v >= 0 && v <= 1 },
  /** A number of at least 0 and below 1. */
  decay: { words: 'a number of at least 0 and below 1', holds: (v) => v >= 0 && v < 1 },
  /** A number above 0 and below 1. */
  probability: { words: 'a number above 0 and below 1', holds: (v) => v > 0 && v < 1 },
} satisfies Record<string, Range>;

type RangeName = keyof typeof ranges;

/**
 * Checks named numbers: the key of the object is the name in the message.
 *
 * @example check('positive', 'dp.epsilon', { noiseMultiplier });
 */
export function check(range: RangeName, asked: string, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number' && Number.isFinite(value) && ranges[range].holds(value)) continue;
    throw new OptionError({ asked, wrong: `${name} is out of range`, got: value, expected: ranges[range].words });
  }
}

/** The words for a range, for documentation: `a whole number of at least 1`. */
export function rangeWords(range: RangeName): string {
  return ranges[range].words;
}

/** Refuses names that an options object may not have, with the nearest that it may. */
export function checkKeys(asked: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new OptionError({
      asked,
      wrong: 'unknown option',
      got: key,
      expected: known.join(', '),
      next: didYouMean(key, known),
    });
  }
}

/** Checks that a value is one of some names, and narrows its type to them. */
export function checkOneOf<const Name extends string>(
  asked: string,
  name: string,
  value: unknown,
  names: readonly Name[],
): Name {
  if (names.includes(value as Name)) return value as Name;
  throw new OptionError({
    asked,
    wrong: `${name} has no such value`,
    got: value,
    expected: names.join(', '),
    next: typeof value === 'string' ? didYouMean(value, names) : undefined,
  });
}
