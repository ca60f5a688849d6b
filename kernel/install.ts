/**
 * Tells Jupyter about this kernel, without Python:
 *   node dist/kernel/install.js install [--user | --prefix DIR | --sys-prefix] [--name NAME] [--display-name TEXT]
 *   node dist/kernel/install.js uninstall [--user | --prefix DIR | --sys-prefix] [--name NAME]
 *   node dist/kernel/install.js list
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { searchedFolders, specFolder, type Place } from './jupyter-folders.js';
import { kernelSpec, whatIsBroken, whatIsIn } from './kernel-spec.js';
import { logoPng, logoSvg } from './logo.js';
import { DpbenchError, OptionError, plotlyFile } from './preload.js';

export interface InstallOptions extends Place {
  /** Letters, digits, `.`, `_` and `-`; the kernel's id. */
  readonly name?: string;
  readonly displayName?: string;
}

const defaultName = 'dpbench';

/**
 * Writes the kernel's folder: `kernel.json`, logos, and plotly.js for figures without a network. One of the same name
 * is replaced; it stays as it is when anything fails. Returns the folder.
 *
 * @throws OptionError for a bad name or prefix; DpbenchError for a folder that cannot be written and for a kernel of
 *   that name that is not dpbench's
 * @example installKernel({ prefix: '/opt/venv' })   // '/opt/venv/share/jupyter/kernels/dpbench'
 */
export function installKernel({ name = defaultName, displayName, ...place }: InstallOptions = {}): string {
  const folder = specFolder(place, name);
  refuseOthers('kernel install', folder);
  const made = `${folder}.new-${process.pid}`;
  const before = `${folder}.old-${process.pid}`;
  return writing('kernel install', folder, () => {
    try {
      makeFolder(made);
      writeFileSync(join(made, 'kernel.json'), `${JSON.stringify(kernelSpec(displayName), null, 2)}\n`);
      for (const size of [32, 64]) writeFileSync(join(made, `logo-${size}x${size}.png`), logoPng(size));
      writeFileSync(join(made, 'logo-svg.svg'), logoSvg());
      copyFileSync(plotlyFile(), join(made, 'plotly.min.js'));
      if (existsSync(folder)) renameSync(folder, before);
      renameSync(made, folder);
      return folder;
    } finally {
      if (existsSync(before) && !existsSync(folder)) renameSync(before, folder);
      for (const rest of [before, made]) if (existsSync(rest)) rmSync(rest, { recursive: true, force: true });
    }
  });
}

/** Removes the kernel again. Returns the folder, or undefined when it was not installed. Throws as `installKernel`. */
export function uninstallKernel({ name = defaultName, ...place }: InstallOptions = {}): string | undefined {
  const folder = specFolder(place, name);
  if (!existsSync(folder)) return undefined;
  refuseOthers('kernel uninstall', folder);
  return writing('kernel uninstall', folder, () => {
    rmSync(folder, { recursive: true });
    return folder;
  });
}

export interface InstalledKernel {
  readonly name: string;
  readonly folder: string;
  /** Why it cannot start; undefined when it can. */
  readonly broken?: string;
}

/** The kernels of dpbench where Jupyter looks for kernels, and in `place`. */
export function installedKernels(place: Place = {}): InstalledKernel[] {
  return searchedFolders(place).flatMap((kernels) => {
    const names = existsSync(kernels) ? readdirSync(kernels) : [];
    return names
      .map((name) => ({ name, folder: join(kernels, name) }))
      .filter(({ name, folder }) => !/\.(new|old)-\d+$/.test(name) && whatIsIn(folder) === 'dpbench')
      .map((found) => ({ ...found, broken: whatIsBroken(found.folder) }));
  });
}

function refuseOthers(asked: string, folder: string): void {
  if (whatIsIn(folder) !== 'other') return;
  const wrong = 'another kernel has that name';
  throw new DpbenchError({ asked, wrong, got: folder, next: 'Give another --name, or remove that folder yourself.' });
}

/** As `mkdirSync` with `recursive`, which never returns where a parent cannot be made (`/proc`). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}

/** Turns what the file system says into a sentence with a next step. */
function writing<T>(asked: string, folder: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const wrong = `cannot write there (${code ?? message})`;
    const problem = { asked, wrong, got: dirname(folder), expected: 'a folder that you may write' };
    throw new DpbenchError({ ...problem, next: 'Use --user, or --prefix with a folder of your own.' }, { cause });
  }
}

const usage = 'install | uninstall | list [--user | --prefix DIR | --sys-prefix] [--name NAME] [--display-name TEXT]';

/** The command line. Returns what to print. */
export function installCommand(args: readonly string[]): string {
  const { values, positionals } = parse(args);
  if (values.help) return `dpbench kernel ${usage}`;
  const place = { user: values.user, prefix: values.prefix, sysPrefix: values['sys-prefix'] };
  const options = { ...place, name: values.name, displayName: values['display-name'] };
  switch (positionals.length === 1 ? positionals[0] : undefined) {
    case 'install':
      return `Installed in ${installKernel(options)}`;
    case 'uninstall': {
      const folder = uninstallKernel(options);
      return folder === undefined ? 'Not installed there; nothing to remove.' : `Removed ${folder}`;
    }
    case 'list': {
      const lines = installedKernels(place).map(({ name, folder, broken }) => `${name}  ${folder}  ${broken ?? 'ok'}`);
      return lines.length === 0
        ? 'No kernel of dpbench is installed. Install it: dpbench kernel install'
        : lines.join('\n');
    }
    default:
      throw new OptionError({ asked: 'kernel', wrong: 'unknown command', got: positionals.join(' '), expected: usage });
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { user: flag, 'sys-prefix': flag, prefix: text, name: text, 'display-name': text, help: flag };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new OptionError({ asked: 'kernel', wrong: (cause as Error).message, expected: usage }, { cause });
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${installCommand(process.argv.slice(2))}\n`);
  } catch (error) {
    process.stderr.write(`dpbench: ${(error as Error).message}\n`);
    process.exitCode = error instanceof OptionError ? 2 : 1;
  }
}
