export interface Entry {
  readonly session: number;
  readonly line: number;
  readonly input: string;
  output: string | null;
}

/** The cells that this kernel ran, in memory. */
export class CellHistory {
  readonly #entries: Entry[] = [];
  readonly #session = 1;

  add(line: number, input: string): void {
    this.#entries.push({ session: this.#session, line, input, output: null });
  }

  /** Adds the text of the result to the last cell. */
  setOutput(output: string): void {
    const last = this.#entries.at(-1);
    if (last) last.output = output;
  }

  tail(count: number): Entry[] {
    return this.#entries.slice(Math.max(0, this.#entries.length - count));
  }

  /** `session` 0 is this one, negative ones count back from it. `stop` is exclusive. */
  range(session: number, start: number, stop: number): Entry[] {
    const wanted = session <= 0 ? this.#session + session : session;
    return this.#entries.filter((entry) => entry.session === wanted && entry.line >= start && entry.line < stop);
  }

  /** `pattern` may hold `*` and `?`. With `isUnique` an input counts once, at its last place. */
  search(pattern: string, isUnique: boolean): Entry[] {
    const source = pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    const matcher = new RegExp(`^${source}$`, 's');
    const found = this.#entries.filter((entry) => matcher.test(entry.input));
    return isUnique
      ? found.filter((entry, i) => !found.some((other, j) => j > i && other.input === entry.input))
      : found;
  }
}
