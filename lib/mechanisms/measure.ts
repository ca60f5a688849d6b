import { Diagnostic } from '../core/diagnostic.js';
import { takeImages, type LabeledImages } from '../core/images.js';
import { SeededStream } from '../core/rng.js';
import { openRows, Sensitive } from './sensitive.js';

/**
 * Computes something from private rows with no noise, for people to look at: a score on the test set. What comes back
 * is a `Diagnostic`, which nothing that trains or selects accepts. The function must not keep the rows.
 */
export async function measure<T, R>(
  sensitive: Sensitive<T>,
  of: string,
  compute: (rows: T) => R | Promise<R>,
): Promise<Diagnostic<R>> {
  return new Diagnostic(await compute(openRows(sensitive)), of);
}

/**
 * Computes something from private rows that stays as private as they are: features of images. Nothing leaves; `measure` opens
 * what comes back as it opens the rows. The function must not keep the rows.
 */
export async function derive<T, R>(
  sensitive: Sensitive<T>,
  compute: (rows: T) => R | Promise<R>,
): Promise<Sensitive<R>> {
  return Sensitive.seal(await compute(openRows(sensitive)), sensitive.facts);
}

/** As `derive`, from several sets of private rows or of what was derived from them; the first one's facts stay with it. */
export async function deriveAll<T, R>(
  sensitives: readonly [Sensitive<T>, ...Sensitive<T>[]],
  compute: (rows: readonly T[]) => R | Promise<R>,
): Promise<Sensitive<R>> {
  return Sensitive.seal(await compute(sensitives.map(openRows)), sensitives[0].facts);
}

/** As `measure`, from two sets of private rows: the training and the test set. */
export async function measureBoth<A, B, R>(
  first: Sensitive<A>,
  second: Sensitive<B>,
  of: string,
  compute: (first: A, second: B) => R | Promise<R>,
): Promise<Diagnostic<R>> {
  return new Diagnostic(await compute(openRows(first), openRows(second)), of);
}

/** Some rows as they are, `perClass` of each class, to look at: the owner of the data may, a reader of results may not. */
export function preview(sensitive: Sensitive<LabeledImages>, perClass = 8, seed = 0): Diagnostic<LabeledImages> {
  const rows = openRows(sensitive);
  const order = new SeededStream(seed).fork('preview').permutation(rows.count);
  const taken = sensitive.facts.classes.flatMap((_, label) =>
    [...order].filter((row) => rows.labels[row] === label).slice(0, perClass),
  );
  return new Diagnostic(takeImages(rows, taken), `real images of ${sensitive.facts.name}`);
}
