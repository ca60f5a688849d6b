import type { Converter, ErrorReport } from '../contract.js';
import type { Executor } from '../evaluate/executor.js';
import type { StreamCoalescer } from '../output/streams.js';
import type { Channels, Request } from '../wire/channels.js';
import type { Content } from '../wire/message.js';
import type { CellHistory } from './cell-history.js';

/** What the handlers of requests share. */
export interface Kernel {
  readonly channels: Channels;
  readonly converter: Converter;
  readonly executor: Executor;
  readonly history: CellHistory;
  readonly streams: StreamCoalescer;
  /** Number of cells run and kept in the history. */
  executionCount: number;
  /** Number of interrupts so far: a cell that is still being compiled sees by it that it must not start. */
  interruptCount: number;
  /** The id of the last question to the front-end. */
  inputRequest?: string;
  /** Which request each running or recent cell came from: its outputs carry that request as parent. */
  readonly cells: CellRequests;
  /** Requests to run cells that wait behind a failed one are answered with `aborted`. */
  abortQueue(): void;
  /** Closes everything and ends the process. */
  shutdown(code: number): Promise<void>;
}

/** Answers a request: the content of the reply, or undefined where the protocol has none. */
export type Handler = (kernel: Kernel, request: Request) => Promise<Content | undefined> | Content | undefined;

const kept = 1000;

/** The requests of recent cells, by cell id. A silent cell publishes nothing. */
export class CellRequests {
  readonly #cells = new Map<number, { request: Request; isSilent: boolean }>();
  #next = 1;

  add(request: Request, isSilent: boolean): number {
    const id = this.#next++;
    this.#cells.set(id, { request, isSilent });
    this.#cells.delete(id - kept);
    return id;
  }

  get(id: number): { request: Request; isSilent: boolean } | undefined {
    return this.#cells.get(id);
  }
}

/** A text field of a request; empty when it is absent or no text. */
export function textOf(content: Content, name: string): string {
  const value = content[name];
  return typeof value === 'string' ? value : '';
}

/** An error as the content of a reply. */
export function errorContent({ ename, evalue, traceback }: ErrorReport): Content {
  return { status: 'error', ename, evalue, traceback };
}
