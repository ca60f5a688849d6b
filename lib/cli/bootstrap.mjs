// The two commands of the README and the checks, from a fresh clone: plain JavaScript, because nothing is installed yet.
//   node lib/cli/bootstrap.mjs start | lab | test
// Each step is skipped when what it makes is there already, so that all of it works again without a network.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const windows = process.platform === 'win32';
const notebook = join(root, 'notebooks', '01-first-run.ipynb');
const pythonPackages = ['jupyterlab>=4.2,<5', 'nbconvert>=7.16,<8', 'jupyter_kernel_test==0.7.0'];

function say(line) {
  process.stderr.write(`dpbench: ${line}\n`);
}

function stop(line) {
  say(line);
  process.exit(1);
}

/** Runs a program in the project's folder with its output shown; ends this one when it fails. */
function run(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) stop(`could not run ${program}: ${error.message}`);
  if (signal) stop(`${program} was ended by ${signal}`);
  if (status !== 0) process.exit(status ?? 1);
}

const npm = (args, options) => run(windows ? 'npm.cmd' : 'npm', args, { shell: windows, ...options });
const dpbench = (...args) => run(process.execPath, [join(root, 'dist', 'lib', 'cli', 'main.js'), ...args]);
const hash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(
    `Node: too old; got ${process.versions.node}, expected 20.19 or newer. Install a current Node and run this again.`,
  );
}

/** The npm packages of package-lock.json, installed when they are not. */
function installPackages() {
  const stamp = join(root, 'node_modules', '.dpbench-lock');
  const wanted = hash(readFileSync(join(root, 'package-lock.json')));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing npm packages');
  npm(['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

function build() {
  say('compiling');
  npm(['run', '--silent', 'build']);
}

function cacheFolder() {
  if (process.env.DPBENCH_CACHE) return process.env.DPBENCH_CACHE;
  if (windows) return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'dpbench');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'dpbench');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dpbench');
}

function findPython() {
  const usable = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))';
  for (const name of windows ? ['py', 'python'] : ['python3', 'python']) {
    if (spawnSync(name, ['-c', usable], { stdio: 'ignore' }).status === 0) return name;
  }
  return stop(
    'Python: none found that is 3.9 or newer with venv. On Debian: apt-get install python3 python3-venv python3-pip.',
  );
}

/** Does work that two processes must not do at once; the lock of one that was killed is taken over. */
function alone(lock, work) {
  for (let waits = 0; ; waits++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isRunning(lock)) rmSync(lock, { force: true });
    else {
      if (waits === 0) say(`waiting for another dpbench, which holds ${lock}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isRunning(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** A Python environment of our own for Jupyter, in the cache: the user's Python is not touched. */
function jupyterEnvironment() {
  const folder = join(cacheFolder(), `jupyter-${hash(pythonPackages.join(' '))}`);
  const bin = (name) => join(folder, windows ? 'Scripts' : 'bin', windows ? `${name}.exe` : name);
  const stamp = join(folder, 'dpbench-complete');
  mkdirSync(dirname(folder), { recursive: true });
  alone(`${folder}.lock`, () => {
    if (existsSync(stamp)) return;
    say(`preparing a Python environment for Jupyter in ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    run(findPython(), ['-m', 'venv', folder]);
    run(bin('python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pythonPackages]);
    writeFileSync(stamp, '');
  });
  run(process.execPath, [join(root, 'dist', 'kernel', 'install.js'), 'install', '--prefix', folder]);
  return { folder, bin };
}

function prepare() {
  checkNode();
  installPackages();
  build();
  dpbench('setup');
}

function start() {
  prepare();
  process.env.DPBENCH_JUPYTER = jupyterEnvironment().folder;
  // A new folder each time: what is shown comes from this run.
  const results = join(root, 'results', `first-run-${new Date().toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}`);
  mkdirSync(results, { recursive: true });
  process.env.DPBENCH_RESULTS = join(results, 'runs');
  const executed = join(results, '01-first-run.ipynb');
  const page = executed.replace(/ipynb$/, 'html');
  say(`running ${notebook}`);
  dpbench('notebook', 'run', notebook, '--out', executed, '--html', page);
  say(`executed notebook: ${executed}`);
  say(`its HTML:          ${page}`);
  say(`result folders:    ${join(results, 'runs')}`);
}

function lab() {
  prepare();
  const { bin } = jupyterEnvironment();
  run(bin('python'), ['-m', 'jupyterlab', '--ServerApp.root_dir', root, notebook, ...process.argv.slice(3)]);
}

function test() {
  prepare();
  const { folder } = jupyterEnvironment();
  for (const script of ['check', 'lint', 'format:check']) npm(['run', '--silent', script]);
  npm(['run', '--silent', 'unit'], { env: { ...process.env, DPBENCH_JUPYTER: folder } });
}

const commands = { start, lab, test };
const command = commands[process.argv[2]];
if (!command) stop(`no such command: ${process.argv[2]}; expected ${Object.keys(commands).join(', ')}.`);
try {
  command();
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}
