/**
 * Tells Jupyter about this kernel, without Python:
 *   node dist/kernel/install.js install [--user | --prefix P | --sys-prefix] [--name n] [--display-name d]
 *   node dist/kernel/install.js uninstall [--user | --prefix P | --sys-prefix] [--name n]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OptionError } from './preload.js';

export interface InstallOptions {
  /** `{prefix}/share/jupyter`; the user's own data folder when absent. */
  readonly prefix?: string;
  /** Letters, digits, `.`, `_` and `-`; the kernel's id. */
  readonly name?: string;
  readonly displayName?: string;
}

export interface KernelSpec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode: 'message';
  readonly kernel_protocol_version: string;
  readonly metadata: { readonly debugger: boolean };
}

const defaultName = 'dpbench';

/**
 * Writes the kernel's `kernel.json`, replacing one of the same name. Returns its folder.
 *
 * @throws OptionError for a name that Jupyter would refuse
 * @example installKernel({ prefix: '/opt/venv' })   // '/opt/venv/share/jupyter/kernels/dpbench'
 */
export function installKernel({ prefix, name = defaultName, displayName }: InstallOptions = {}): string {
  const folder = specFolder(prefix, name);
  const temporary = `${folder}.new-${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(temporary, 'kernel.json'), `${JSON.stringify(kernelSpec(displayName), null, 2)}\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
  return folder;
}

/** Removes the kernel again. Returns the folder, or undefined when it was not installed. */
export function uninstallKernel({ prefix, name = defaultName }: InstallOptions = {}): string | undefined {
  const folder = specFolder(prefix, name);
  if (!existsSync(folder)) return undefined;
  rmSync(folder, { recursive: true });
  return folder;
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

function specFolder(prefix: string | undefined, name: string): string {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    const expected = "letters, digits, '.', '_' and '-'";
    throw new OptionError({ asked: 'kernel install', wrong: '--name is no kernel name', got: name, expected });
  }
  return join(prefix === undefined ? userFolder() : join(prefix, 'share', 'jupyter'), 'kernels', name);
}

/** Where Jupyter looks for the kernels of one user. */
function userFolder(): string {
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA } = process.env;
  if (JUPYTER_DATA_DIR) return JUPYTER_DATA_DIR;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Jupyter');
  if (process.platform === 'win32') return join(APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'jupyter');
  return join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'jupyter');
}

/**
 * The path of Node that an update is least likely to remove: an entry of PATH that leads to the running program, else
 * the program itself.
 */
function stableNode(): string {
  const running = realpathSync(process.execPath);
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
    if (folder.startsWith('/') || /^[A-Za-z]:/.test(folder)) {
      if (existsSync(candidate) && realpathSync(candidate) === running) return candidate;
    }
  }
  return process.execPath;
}

function pythonPrefix(): string {
  try {
    const program = process.platform === 'win32' ? 'python' : 'python3';
    return execFileSync(program, ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' }).trim();
  } catch (cause) {
    const problem = {
      asked: 'kernel install --sys-prefix',
      wrong: 'Python does not run',
      next: 'Use --prefix or --user.',
    };
    throw new OptionError(problem, { cause });
  }
}

const usage = 'install | uninstall [--user | --prefix P | --sys-prefix] [--name n] [--display-name d]';

/** The command line. Returns what to print. */
export function installCommand(args: readonly string[]): string {
  const { values, positionals } = parse(args);
  const prefix = values['sys-prefix'] ? pythonPrefix() : values.prefix;
  const options = { prefix, name: values.name, displayName: values['display-name'] };
  if (positionals.length === 1 && positionals[0] === 'install') return `Installed in ${installKernel(options)}`;
  if (positionals.length === 1 && positionals[0] === 'uninstall') {
    const folder = uninstallKernel(options);
    return folder === undefined ? 'Not installed there; nothing to remove.' : `Removed ${folder}`;
  }
  throw new OptionError({ asked: 'kernel', wrong: 'unknown command', got: positionals.join(' '), expected: usage });
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { user: flag, 'sys-prefix': flag, prefix: text, name: text, 'display-name': text };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new OptionError({ asked: 'kernel', wrong: (cause as Error).message, expected: usage }, { cause });
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.stderr.write(`${installCommand(process.argv.slice(2))}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = error instanceof OptionError ? 2 : 1;
  }
}
