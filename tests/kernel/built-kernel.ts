import { stripVTControlCharacters } from 'node:util';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KernelClient, type Execution, type StartOptions } from '../../kernel/client.js';
import type { CellOutput } from '../../kernel/outputs.js';

const main = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist', 'kernel', 'main.js');

/** The command of the compiled kernel: a test of the kernel is one of what Jupyter starts. */
export function builtKernel(): string[] {
  if (!existsSync(main)) throw new Error(`${main} is absent: run npm run build first.`);
  return [process.execPath, main, '--connection-file', '{connection_file}'];
}

export function startKernel(options: StartOptions = {}): Promise<KernelClient> {
  return KernelClient.start({ argv: builtKernel(), startTimeout: 60_000, ...options });
}

type ErrorOutput = Extract<CellOutput, { output_type: 'error' }>;

export const plain = stripVTControlCharacters;

/** The `text/plain` of the cell's result; the error's traceback when it failed. */
export function resultOf({ outputs }: Execution): string | undefined {
  const result = outputs.find((output) => output.output_type === 'execute_result');
  const error = errorOf(outputs);
  return error ? plain(error.traceback.join('\n')) : (result?.data['text/plain'] as string | undefined);
}

export function errorOf(outputs: readonly CellOutput[]): ErrorOutput | undefined {
  return outputs.find((output): output is ErrorOutput => output.output_type === 'error');
}

export function printed({ outputs }: Execution, name = 'stdout'): string {
  return outputs.map((output) => (output.output_type === 'stream' && output.name === name ? output.text : '')).join('');
}

/** Runs a cell, interrupts it once it has printed `started`, and gives what it ended with. */
export async function interrupted(client: KernelClient, code: string): Promise<Execution> {
  let start: () => void;
  const started = new Promise<void>((resolve) => (start = resolve));
  const running = client.execute(`console.log('started');\n${code}`, {
    onMessage: ({ header, content }) => {
      if (header.msg_type === 'stream' && String(content.text).includes('started')) start();
    },
  });
  await Promise.race([started, running]);
  await client.interrupt();
  return running;
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a condition holds; says so when it never does. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, seconds = 20): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !condition();) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
