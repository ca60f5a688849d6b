import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What Jupyter reads of a kernel: the content of `kernel.json`. */
export interface KernelSpec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode: 'message';
  readonly kernel_protocol_version: string;
  readonly metadata: { readonly debugger: boolean };
}

export function kernelSpec(displayName = 'TypeScript (dpbench)'): KernelSpec {
  const main = join(dirname(fileURLToPath(import.meta.url)), 'main.js');
  return {
    argv: [stableNode(), main, '--connection-file', '{connection_file}'],
    display_name: displayName,
    language: 'typescript',
    interrupt_mode: 'message',
    kernel_protocol_version: '5.5',
    metadata: { debugger: false },
  };
}

/** What lies in a folder of a kernel: nothing, a kernel of dpbench, or something that is none of our business. */
export function whatIsIn(folder: string): 'nothing' | 'dpbench' | 'other' {
  if (!existsSync(folder)) return 'nothing';
  const starts = readSpec(folder)?.argv?.some((word) => /[\\/]kernel[\\/]main\.js$/.test(word));
  return starts === true ? 'dpbench' : 'other';
}

/** Why the kernel in a folder cannot start; undefined when it can. */
export function whatIsBroken(folder: string): string | undefined {
  const missing = readSpec(folder)
    ?.argv?.slice(0, 2)
    .find((path) => isAbsolute(path) && !existsSync(path));
  return missing === undefined ? undefined : `${missing} is gone; install the kernel again`;
}

function readSpec(folder: string): Partial<KernelSpec> | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8')) as Partial<KernelSpec>;
  } catch {
    return undefined;
  }
}

/**
 * The path of Node that an update is least likely to remove: an entry of PATH that leads to the running program, else
 * the program itself.
 */
function stableNode(): string {
  const running = realpathSync(process.execPath);
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
    if (isAbsolute(folder) && existsSync(candidate) && realpathSync(candidate) === running) return candidate;
  }
  return process.execPath;
}
