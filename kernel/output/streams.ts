export type StreamName = 'stdout' | 'stderr';

const longestWait = 50;
const mostCharacters = 8 * 1024;
/** A notebook with more text than this in one cell can no longer be opened. */
const mostOfCell = 64 * 1024 * 1024;

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
  /** Characters that the latest cell has printed. */
  #latest = { owner: 0, characters: 0 };

  constructor(private readonly send: (owner: number, name: StreamName, text: string) => void) {}

  /** `owner` is the cell that printed. */
  write(owner: number, name: StreamName, text: string): void {
    if (text === '') return;
    if (this.#length > 0 && (owner !== this.#owner || name !== this.#name)) this.flush();
    this.#owner = owner;
    this.#name = name;
    const kept = this.#cut(owner, text);
    this.#parts.push(kept);
    this.#length += kept.length;
    if (this.#length >= mostCharacters) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), longestWait);
  }

  /** What of the text is still shown: an endless loop that prints must not fill the memory of all who read it. */
  #cut(owner: number, text: string): string {
    if (owner > this.#latest.owner) this.#latest = { owner, characters: 0 };
    if (owner < this.#latest.owner) return text;
    const room = mostOfCell - this.#latest.characters;
    if (room < 0) return '';
    this.#latest.characters += text.length;
    return text.length <= room ? text : `${text.slice(0, room)}\n… the rest of what this cell prints is left out\n`;
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
