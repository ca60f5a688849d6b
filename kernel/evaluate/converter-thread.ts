import { Worker } from 'node:worker_threads';
import type { Completeness, Completion, Conversion, Converter } from '../contract.js';
import { converterError } from './diagnostics.js';
import type { ConverterAnswer, ConverterCall } from './converter-worker.js';

interface Pending {
  resolve(value: never): void;
  reject(error: Error): void;
}

/**
 * The supervisor's side of the converter thread: the same methods, as promises. A thread that fails (out of memory) is
 * replaced by one that knows the same names.
 */
export class ConverterThread implements Converter {
  readonly #pending = new Map<number, Pending>();
  #declarations = '';
  #worker: Worker | undefined;
  #next = 1;

  constructor(private readonly script = new URL('./converter-worker.js', import.meta.url)) {
    this.#worker = this.#start();
  }

  async convert(source: string, label: string, commit: boolean): Promise<Conversion> {
    try {
      return await this.#call('convert', source, label, commit);
    } catch (error) {
      return { error: converterError(error) };
    }
  }

  complete(source: string, position: number): Promise<Completion> {
    return this.#call('complete', source, position);
  }

  inspect(source: string, position: number): Promise<string | undefined> {
    return this.#call('inspect', source, position);
  }

  isComplete(source: string): Promise<Completeness> {
    return this.#call('isComplete', source);
  }

  reset(): Promise<void> {
    return this.#call('reset');
  }

  async close(): Promise<void> {
    this.#pending.clear();
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.script, { workerData: { declarations: this.#declarations } });
    worker.on('message', ({ id, value, failure, declarations }: ConverterAnswer) => {
      this.#declarations = declarations ?? this.#declarations;
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (failure === undefined) pending?.resolve(value as never);
      else pending?.reject(new Error(failure));
    });
    let failure = new Error('the converter thread ended');
    worker.on('error', (error) => (failure = error));
    // The answers that a thread gave before it failed may come after its error; they come before its exit.
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const pending of this.#pending.values()) pending.reject(failure);
      this.#pending.clear();
    });
    return worker;
  }

  #call<T>(method: ConverterCall['method'], ...values: unknown[]): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      (this.#worker ??= this.#start()).postMessage({ id, method, values } satisfies ConverterCall);
    });
  }
}
