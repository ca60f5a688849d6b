import { DpbenchError } from './errors.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from './mime.js';

/**
 * A value computed from private data with no noise: a score on the sensitive test set, an FID against it.
 * It can be shown (in a cell, as JSON, in a chart) and is marked wherever it is. It is no number, because a choice made by
 * it would be a release that no budget covers: adding it up, comparing it with a number or passing it as an option does not
 * compile, and throws when tried from JavaScript; so does `<` between two of them, which TypeScript lets compile.
 *
 * @example
 * run.metrics.accuracy.value        // Diagnostic: 81.3 (not differentially private)
 * JSON.stringify(run.metrics)       // the plain numbers, for a reader of the results
 */
export class Diagnostic<out T> implements Displayable {
  readonly #value: T;

  constructor(
    value: T,
    /** What it was computed from, in words: `accuracy on the test set of mnist-10k`. */
    readonly of: string,
  ) {
    this.#value = value;
  }

  static reveal<T>(diagnostic: Diagnostic<T>): T {
    return diagnostic.#value;
  }

  /** Results on disk and on the command line hold the plain value. */
  toJSON(): T {
    return this.#value;
  }

  toString(): string {
    return `${typeof this.#value === 'number' ? Number(this.#value.toPrecision(5)) : this.of} (diagnostic)`;
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new DpbenchError({
      asked: `Diagnostic (${this.of})`,
      wrong: 'a value computed from private data without noise cannot take part in arithmetic or comparison',
      next: 'Show it, or choose by a mechanism that pays for the choice.',
    });
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Diagnostic { ${this.toString()} of ${this.of}, not differentially private }`;
  }

  async [displaySymbol](): Promise<MimeBundle> {
    const inner = this.#value as Partial<Displayable> | null;
    const bundle =
      inner !== null && typeof inner === 'object' && displaySymbol in inner
        ? await (inner as Displayable)[displaySymbol]()
        : { 'text/plain': `${typeof this.#value === 'object' ? JSON.stringify(this.#value) : String(this.#value)}` };
    const words = `Diagnostic: ${this.of}, computed from private data without noise; not differentially private.`;
    const plain = String(bundle['text/plain']);
    const html = typeof bundle['text/html'] === 'string' ? bundle['text/html'] : `<pre>${escapeHtml(plain)}</pre>`;
    return {
      ...bundle,
      'text/plain': `${plain}\n${words}`,
      'text/html': `${html}<div style="font-size:12px;color:#8a4b00">${escapeHtml(words)}</div>`,
    };
  }
}

/**
 * The value inside, for code that shows it. `tests/architecture.test.ts` holds the list of files that may import this:
 * displays and result files, nothing that trains or selects.
 */
export function revealForDisplay<T>(diagnostic: Diagnostic<T>): T;
export function revealForDisplay(value: Diagnostic<number> | number): number;
export function revealForDisplay(value: unknown): unknown {
  return value instanceof Diagnostic ? Diagnostic.reveal(value as Diagnostic<unknown>) : value;
}
