import { Worker } from 'node:worker_threads';
import type { Completeness, Completion, Conversion, Converter } from '../contract.js';
import type { ConverterAnswer, ConverterCall } from './converter-worker.js';

interface Pending {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** The supervisor's side of the converter thread: the same methods, as promises. */
export class ConverterThread implements Converter {
  readonly #worker = new Worker(new URL('./converter-worker.js', import.meta.url));
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  constructor() {
    this.#worker.on('message', ({ id, value, failure }: ConverterAnswer) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (failure === undefined) pending?.resolve(value as never);
      else pending?.reject(new Error(failure));
    });
    this.#worker.on('error', (error) => {
      for (const pending of this.#pending.values()) pending.reject(error);
      this.#pending.clear();
    });
  }

  convert(source: string, label: string, commit: boolean): Promise<Conversion> {
    return this.#call('convert', source, label, commit);
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
    await this.#worker.terminate();
  }

  #call<T>(method: ConverterCall['method'], ...values: unknown[]): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, values } satisfies ConverterCall);
    });
  }
}
