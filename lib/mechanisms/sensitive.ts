import { check } from '../core/check.js';
import { DpbenchError } from '../core/errors.js';
import type { ImageShape, LabeledImages } from '../core/images.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';

/** What is public by convention about a private dataset: its size, the names of its classes, the shape of a record. */
export interface PublicFacts {
  /** Where the rows come from, in words: `mnist, training images`. */
  readonly name: string;
  readonly size: number;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
}

let open: <T>(sensitive: Sensitive<T>) => T;

/**
 * Private rows behind a closed door: their number, classes and shape are public, the rows are not. There is no accessor;
 * the mechanisms of `lib/mechanisms` add noise to what leaves, and a `Diagnostic` marks what leaves without.
 *
 * @example
 * const { train } = await dp.datasets.load('mnist-10k');
 * train.size       // 8000
 * train.rows       // does not compile: there is no such thing
 */
export class Sensitive<out T> implements Displayable {
  /** A private field: no reflection, copy or replaced prototype method reaches it (a debugger does). */
  readonly #rows: T;

  static {
    open = (sensitive) => {
      if (typeof sensitive === 'object' && sensitive !== null && #rows in sensitive) return sensitive.#rows;
      throw new DpbenchError({
        asked: 'private rows',
        wrong: 'this is no sealed dataset (a copy has no rows)',
        got: sensitive,
        expected: 'what dp.datasets.load or Sensitive.seal gave',
      });
    };
  }

  private constructor(
    rows: T,
    readonly facts: PublicFacts,
  ) {
    this.#rows = rows;
  }

  /** Packs rows. The readers of `lib/data` do this with what they have read. */
  static seal<T>(rows: T, facts: PublicFacts): Sensitive<T> {
    check('countOrZero', 'Sensitive.seal', { size: facts.size });
    // A copy that nobody can change: N is the divisor of every mean.
    const { classes, shape } = facts;
    const fixed = { ...facts, classes: Object.freeze([...classes]), shape: Object.freeze({ ...shape }) };
    const sealed = new Sensitive<T>(rows, Object.freeze(fixed));
    Object.freeze(sealed);
    return sealed;
  }

  get size(): number {
    return this.facts.size;
  }

  toJSON(): PublicFacts {
    return this.facts;
  }

  [displaySymbol](): MimeBundle {
    const { name, size, classes, shape } = this.facts;
    const text = `Sensitive: ${name}; ${size} records of ${shape.height} x ${shape.width} x ${shape.channels}, ${classes.length} classes. The rows can be reached through mechanisms only.`;
    return { 'text/plain': text, 'text/html': `<div>${escapeHtml(text)}</div>` };
  }
}

export type SensitiveImages = Sensitive<LabeledImages>;

/** The rows, for the mechanisms of this folder: `tests/architecture.test.ts` refuses the name anywhere else. */
export function openRows<T>(sensitive: Sensitive<T>): T {
  return open(sensitive);
}
