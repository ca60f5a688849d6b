import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { OptionError } from './preload.js';

/** Where a kernel is installed: for the user (nothing given), below a folder, or in the Python that runs. */
export interface Place {
  readonly user?: boolean;
  readonly prefix?: string;
  readonly sysPrefix?: boolean;
}

/** The folder of a kernel in one place. Throws `OptionError` for a bad name, two places at once, or a prefix that is no folder. */
export function specFolder(place: Place, name: string): string {
  if (!/^[A-Za-z0-9._-]+$/.test(name) || /^\.+$/.test(name)) {
    const expected = "letters, digits, '.', '_' and '-'";
    throw new OptionError({ asked: 'kernel', wrong: '--name is no kernel name', got: name, expected });
  }
  return join(dataFolder(place), 'kernels', name);
}

/** All folders where Jupyter looks for kernels, the ones that win first. */
export function searchedFolders(place: Place = {}): string[] {
  const { JUPYTER_PATH = '', VIRTUAL_ENV, CONDA_PREFIX } = process.env;
  const environments = [VIRTUAL_ENV, CONDA_PREFIX].filter((path) => path !== undefined && path !== '');
  const folders = [
    ...(place.prefix !== undefined || place.sysPrefix ? [dataFolder(place)] : []),
    ...JUPYTER_PATH.split(delimiter).filter((path) => path !== ''),
    userFolder(),
    ...environments.map((path) => join(path!, 'share', 'jupyter')),
    ...systemFolders(),
  ];
  return [...new Set(folders)].map((folder) => join(folder, 'kernels'));
}

function dataFolder({ user, prefix, sysPrefix }: Place): string {
  if ([user === true, prefix !== undefined, sysPrefix === true].filter(Boolean).length > 1) {
    const expected = 'one of --user, --prefix and --sys-prefix';
    throw new OptionError({ asked: 'kernel', wrong: 'two places at once', expected });
  }
  if (sysPrefix) return join(pythonPrefix(), 'share', 'jupyter');
  if (prefix === undefined) return userFolder();
  if (prefix === '' || !isFolder(prefix)) {
    const expected = 'a folder that exists, such as a Python environment';
    throw new OptionError({ asked: 'kernel', wrong: '--prefix is no folder', got: prefix, expected });
  }
  return join(resolve(prefix), 'share', 'jupyter');
}

/** Where Jupyter looks for the kernels of one user. */
function userFolder(): string {
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA } = process.env;
  if (JUPYTER_DATA_DIR) return JUPYTER_DATA_DIR;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Jupyter');
  if (process.platform === 'win32') return join(APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'jupyter');
  return join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'jupyter');
}

function systemFolders(): string[] {
  if (process.platform === 'win32') return [join(process.env.PROGRAMDATA ?? 'C:\\ProgramData', 'jupyter')];
  return ['/usr/local/share/jupyter', '/usr/share/jupyter'];
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function pythonPrefix(): string {
  try {
    const program = process.platform === 'win32' ? 'python' : 'python3';
    return execFileSync(program, ['-c', 'import sys; print(sys.prefix)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch (cause) {
    const problem = { asked: 'kernel --sys-prefix', wrong: 'Python does not run', next: 'Use --prefix or --user.' };
    throw new OptionError(problem, { cause });
  }
}
