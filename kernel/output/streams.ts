export type StreamName = 'stdout' | 'stderr';

const longestWait = 50;
const mostCharacters = 8 * 1024;

/**
 * Joins printed text into few messages: Jupyter Server drops output beyond 1000 messages a second. Text waits for at
 * most 50 ms, and never longer than anything that comes after it.
 */
export class StreamCoalescer {
  #name: StreamName = 'stdout';
  #parts: string[] = [];
  #length = 0;
  #owner = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (owner: number, name: StreamName, text: string) => void) {}

  /** `owner` is the cell that printed. */
  write(owner: number, name: StreamName, text: string): void {
    if (text === '') return;
    if (this.#length > 0 && (owner !== this.#owner || name !== this.#name)) this.flush();
    this.#owner = owner;
    this.#name = name;
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length >= mostCharacters) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), longestWait);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#length === 0) return;
    const text = this.#parts.join('');
    this.#parts = [];
    this.#length = 0;
    this.send(this.#owner, this.#name, text);
  }
}
