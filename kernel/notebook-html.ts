import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { cacheFolder, DpbenchError } from './preload.js';

const windows = process.platform === 'win32';

/** A program and the arguments in front. */
type Program = readonly [string, ...string[]];

/**
 * Where nbconvert may be: the environment that `DPBENCH_JUPYTER` names, the one that `npm start` and `npm run lab`
 * prepare, and the `jupyter` of the user.
 */
function converters(): Program[] {
  const cache = cacheFolder();
  const own = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('jupyter-')) : [];
  const folders = [process.env.DPBENCH_JUPYTER, ...own.map((name) => join(cache, name))].filter((path) => path);
  const pythons = folders.map((folder) => join(folder!, windows ? 'Scripts/python.exe' : 'bin/python'));
  return [
    ...pythons.filter((python) => existsSync(python)).map((python): Program => [python, '-m', 'nbconvert']),
    ['jupyter', 'nbconvert'],
  ];
}

/** Checks that HTML can be made, before a long run. Throws `DpbenchError` when nbconvert is not there. */
export function findHtmlConverter(): Program {
  for (const program of converters()) {
    const [name, ...args] = program;
    if (spawnSync(name, [...args, '--version'], { stdio: 'ignore' }).status === 0) return program;
  }
  const problem = { asked: 'notebook run --html', wrong: 'nbconvert was not found', expected: 'it in PATH' };
  throw new DpbenchError({ ...problem, next: 'Install it: pip install nbconvert, or run npm start once.' });
}

/** Writes the HTML of a notebook file through nbconvert: beside, then renamed. */
export function writeHtml([name, ...args]: Program, notebook: string, target: string): void {
  const temporary = mkdtempSync(join(dirname(resolve(target)), '.dpbench-html-'));
  try {
    const options = ['--log-level=ERROR', '--to', 'html', '--output-dir', temporary, '--output', 'page.html'];
    const { status, stderr } = spawnSync(name, [...args, ...options, resolve(notebook)], { encoding: 'utf8' });
    if (status !== 0) {
      const wrong = `nbconvert failed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
      throw new DpbenchError({ asked: 'notebook run --html', wrong, got: notebook });
    }
    renameSync(join(temporary, 'page.html'), target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
