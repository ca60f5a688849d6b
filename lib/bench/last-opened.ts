/** How many are kept: a run and its evaluation use one, a comparison of two settings two. */
const most = 2;

/** Keeps what was opened last, by key; a failure is not kept. */
export class LastOpened<Value> {
  readonly #kept = new Map<string, Promise<Value>>();

  keep(key: string, open: () => Promise<Value>): Promise<Value> {
    const found = this.#kept.get(key) ?? open();
    this.#kept.delete(key);
    this.#kept.set(key, found); // the youngest stands last
    for (const old of [...this.#kept.keys()].slice(0, -most)) this.#kept.delete(old);
    found.catch(() => this.#kept.get(key) === found && this.#kept.delete(key));
    return found;
  }

  clear(): void {
    this.#kept.clear();
  }
}
