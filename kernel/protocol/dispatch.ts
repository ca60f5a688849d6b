import type { Request } from '../wire/channels.js';
import { commInfo, commOpen } from './comm.js';
import { complete } from './complete.js';
import { execute } from './execute.js';
import { history } from './history.js';
import { kernelInfo } from './info.js';
import { inspect } from './inspect.js';
import { interrupt } from './interrupt.js';
import { isComplete } from './is-complete.js';
import type { Handler, Kernel } from './kernel.js';
import { shutdown } from './shutdown.js';

const handlers = new Map<string, Handler>(
  Object.entries({
    execute_request: execute,
    complete_request: complete,
    inspect_request: inspect,
    is_complete_request: isComplete,
    history_request: history,
    comm_info_request: commInfo,
    comm_open: commOpen,
    kernel_info_request: kernelInfo,
    interrupt_request: interrupt,
    shutdown_request: shutdown,
  }),
);

/** What need not wait for a running cell, because it does not touch the process that runs it. */
const overtaking = new Set([
  'complete_request',
  'inspect_request',
  'is_complete_request',
  'history_request',
  'kernel_info_request',
  'comm_info_request',
]);

/** Gives each request its handler, between `busy` and `idle`. Shell requests run one after the other. */
export class Dispatcher {
  readonly #queue: Request[] = [];
  readonly #aborted: Request[] = [];
  #running: Request | undefined;
  #isAborting = false;

  constructor(private readonly kernel: Kernel) {}

  receive(request: Request): void {
    const type = request.message.header.msg_type;
    if (request.channel === 'stdin') {
      if (type === 'input_reply') this.#input(request);
    } else if (request.channel === 'control') void this.#handle(request);
    else if (this.#running && overtaking.has(type)) void this.#overtake(request);
    else {
      this.#queue.push(request);
      void this.#work();
    }
  }

  /** Called by a handler before it answers: the cells that wait behind this one are answered with `aborted`. */
  abortQueue(): void {
    this.#isAborting = true;
  }

  async #work(): Promise<void> {
    if (this.#running) return;
    for (let request = this.#queue.shift(); request; request = this.#queue.shift()) {
      this.#running = request;
      await this.#handle(request);
      for (const waiting of this.#aborted.splice(0)) await this.#handle(waiting, aborted);
    }
    this.#running = undefined;
  }

  /**
   * Takes the cells that were sent before the failed one was answered out of the queue: those here, and those of the
   * same "Run all" that are still in the socket, which two turns of the event loop bring in. What is sent after the
   * answer is not touched.
   */
  async #dropWaiting(): Promise<void> {
    this.#isAborting = false;
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    const waiting = this.#queue.splice(0);
    const isCell = (request: Request): boolean => request.message.header.msg_type === 'execute_request';
    this.#aborted.push(...waiting.filter(isCell));
    this.#queue.push(...waiting.filter((request) => !isCell(request)));
  }

  async #overtake(request: Request): Promise<void> {
    await this.#handle(request);
    // The front-end must not take the kernel for free while its cell still runs.
    if (this.#running) this.#status('busy', this.#running);
  }

  async #handle(request: Request, chosen?: Handler): Promise<void> {
    const type = request.message.header.msg_type;
    const handler = chosen ?? handlers.get(type);
    this.#status('busy', request);
    try {
      const content = await handler?.(this.kernel, request);
      if (this.#isAborting) await this.#dropWaiting();
      if (content) this.kernel.channels.reply(request, replyType(type), content);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const content = { status: 'error', ename: name, evalue: message, traceback: [`${name}: ${message}`] };
      this.kernel.channels.reply(request, replyType(type), content);
    }
    this.#status('idle', request);
  }

  /** An answer that names another question than the last one comes too late. Not every front-end names it. */
  #input({ message }: Request): void {
    const asked = message.parent.msg_id;
    if (asked !== undefined && asked !== this.kernel.inputRequest) return;
    const value = typeof message.content.value === 'string' ? message.content.value : '';
    // ^D: the end of the input.
    this.kernel.executor.input(value === '\u0004' ? null : value);
  }

  #status(execution_state: 'busy' | 'idle', request: Request): void {
    this.kernel.channels.publish('status', { execution_state }, request.message.header);
  }
}

const replyType = (type: string): string => type.replace(/_request$/, '_reply');

const aborted: Handler = ({ executionCount }) => ({
  status: 'aborted',
  execution_count: executionCount,
  payload: [],
  user_expressions: {},
});
