/** The thread of the converter: answers one call after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Converter } from '../contract.js';
import { preloadDeclarations, preloadPackages } from '../preload.js';
import { converterError } from './diagnostics.js';
import { CellConverter } from './tslab-converter.js';

export interface ConverterCall {
  readonly id: number;
  readonly method: keyof Converter;
  readonly values: readonly unknown[];
}

export interface ConverterAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: string;
  /** The converter's memory after a call that changed it, for the thread that takes over when this one fails. */
  readonly declarations?: string;
}

const port = parentPort!;
// tslab prints on host problems; nothing of that may reach the terminal of Jupyter as noise.
Object.assign(console, { log: () => undefined, warn: () => undefined });
const converter = new CellConverter({
  globals: preloadDeclarations(),
  packages: preloadPackages(),
  declarations: (workerData as { declarations: string }).declarations,
});
converter.warm();

port.on('message', ({ id, method, values }: ConverterCall) => {
  const before = converter.declarations;
  const answer: ConverterAnswer = attempt(id, method, values);
  const { declarations } = converter;
  port.postMessage(declarations === before ? answer : { ...answer, declarations });
});

function attempt(id: number, method: ConverterCall['method'], values: readonly unknown[]): ConverterAnswer {
  try {
    return { id, value: (converter[method] as (...all: unknown[]) => unknown)(...values) };
  } catch (error) {
    if (method === 'convert') return { id, value: { error: converterError(error) } };
    return { id, failure: error instanceof Error ? error.message : String(error) };
  }
}
