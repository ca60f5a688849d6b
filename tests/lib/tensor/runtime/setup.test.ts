import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../../../lib/core/errors.js';
import { setupEngine } from '../../../../lib/tensor/index.js';
import { setupError } from '../../../../lib/tensor/runtime/setup.js';
import { FakeMachine } from './fake-machine.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

/** A machine on which the set-up goes well. */
function goodMachine(): void {
  machine.writeWheel();
  machine.python();
  machine.compiler();
}

async function failure(options: Parameters<typeof setupEngine>[0] = {}): Promise<string> {
  const error: unknown = await setupEngine(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return (error as EngineError).message;
}

describe('setupEngine', () => {
  it('fetches, unpacks what is needed, builds, and does nothing the second time', async () => {
    goodMachine();
    const lines: string[] = [];
    const report = await setupEngine({ onLine: (line) => lines.push(line) });
    expect(report).toMatchObject({
      version: '2.21.0',
      source: 'pip',
      cuda: false,
      already: false,
      cache: machine.cache,
    });
    expect(report.tensorflow).toBe(join(machine.cache, 'tensorflow', 'tensorflow-cpu-2.21.0', 'tensorflow'));
    expect(existsSync(report.binding)).toBe(true);
    expect(existsSync(join(report.tensorflow, 'python'))).toBe(false);
    expect(lines.join('\n')).toContain('building the binding for TensorFlow 2.21.0 with fake g++ 1.0');
    const [download] = machine.ran('pip download');
    expect(download).toContain('--no-deps --only-binary=:all:');
    expect(download).toMatch(/tensorflow-cpu==2\.21\.0$/);

    const again = await setupEngine();
    expect(again).toMatchObject({ already: true, binding: report.binding });
    expect(machine.ran('pip download')).toHaveLength(1);
    expect(readdirSync(machine.cache).sort()).toEqual(['engine', 'tensorflow']);
  });

  it('uses the tensorflow of the active Python without importing it', async () => {
    goodMachine();
    const folder = machine.unpackedTensorflow('site-packages');
    machine.python(folder);
    expect(await setupEngine()).toMatchObject({ tensorflow: folder, source: 'python', version: '2.21.0' });
    expect(machine.ran('pip download')).toHaveLength(0);
    // `import tensorflow` would take seconds and 400 MB.
    expect(machine.ran('python3 -c')[0]).not.toMatch(/import tensorflow/);
  });

  it('prefers the folder of DPBENCH_TENSORFLOW to Python, and a given folder', async () => {
    goodMachine();
    machine.python(machine.unpackedTensorflow('of-python'));
    process.env['DPBENCH_TENSORFLOW'] = machine.unpackedTensorflow('of-variable');
    expect(await setupEngine()).toMatchObject({ source: 'DPBENCH_TENSORFLOW' });
    delete process.env['DPBENCH_TENSORFLOW'];
    const folder = machine.unpackedTensorflow('of-option');
    expect(await setupEngine({ tensorflow: folder })).toMatchObject({ source: 'option', tensorflow: folder });
  });

  it('sets up again when DPBENCH_TENSORFLOW names another folder', async () => {
    goodMachine();
    const first = await setupEngine();
    process.env['DPBENCH_TENSORFLOW'] = machine.unpackedTensorflow('another');
    const second = await setupEngine();
    expect(second.already).toBe(false);
    expect(second.binding).not.toBe(first.binding);
  });

  it('fetches another when the one of Python cannot be built against', async () => {
    goodMachine();
    const folder = machine.unpackedTensorflow('site-packages');
    machine.python(folder);
    const built = readFileSync(join(machine.bin, 'g++'), 'utf8').split('\n').slice(2).join('\n');
    machine.program('g++', `case "$*" in *site-packages*) echo 'error: other ABI' >&2; exit 1;; esac\n${built}`);
    const lines: string[] = [];
    expect(await setupEngine({ onLine: (line) => lines.push(line) })).toMatchObject({ source: 'pip' });
    expect(lines.join('\n')).toMatch(/the tensorflow of Python cannot be used: .*other ABI/);
  });

  it('trusts a named folder to be for the GPU when one is asked for', async () => {
    goodMachine();
    const tensorflow = machine.unpackedTensorflow('named');
    expect(await setupEngine({ gpu: true, tensorflow })).toMatchObject({ cuda: true, source: 'option' });
    expect((await setupEngine({ gpu: true, tensorflow })).already).toBe(true);
  });

  it('takes for the GPU a TensorFlow that can use CUDA, and fetches the CUDA packages that it names', async () => {
    goodMachine();
    const library = machine.unpackedTensorflow('cpu-only');
    machine.python(library);
    machine.writeWheel({
      'tensorflow/libtensorflow_cc.so.2': 'library',
      'tensorflow/libtensorflow_framework.so.2': 'framework',
      'tensorflow/libtensorflow_cc.2.dylib': 'library',
      'tensorflow/libtensorflow_framework.2.dylib': 'framework',
      'tensorflow/include/tensorflow/c/eager/c_api.h': '// header',
      'nvidia/cublas/lib/libcublas.so.12': 'cublas',
      'tensorflow-2.21.0.dist-info/METADATA':
        "Requires-Dist: numpy>=1.26.0\nRequires-Dist: nvidia-cublas-cu12<13.0,>=12.5; extra == 'and-cuda'\n",
    });
    const report = await setupEngine({ gpu: true });
    expect(report).toMatchObject({ source: 'pip', cuda: true });
    expect(machine.ran('pip download').map((line) => line.split(' ').at(-1))).toEqual([
      'tensorflow==2.21.0',
      'nvidia-cublas-cu12<13.0,>=12.5',
    ]);
    expect(existsSync(join(report.tensorflow, '..', 'nvidia', 'cublas', 'lib', 'libcublas.so.12'))).toBe(true);
  });

  it('does the work once when two ask at the same time', async () => {
    goodMachine();
    const reports = await Promise.all([setupEngine(), setupEngine()]);
    expect(reports.map(({ already }) => already).sort()).toEqual([false, true]);
    expect(machine.ran('pip download')).toHaveLength(1);
  });

  it('recovers from a process that was killed in the middle', async () => {
    goodMachine();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    mkdirSync(join(machine.cache, 'fetch-killed'), { recursive: true });
    mkdirSync(join(machine.cache, 'build-killed'));
    mkdirSync(join(machine.cache, 'engine'));
    mkdirSync(join(machine.cache, 'tensorflow', 'tensorflow-cpu-2.21.0'), { recursive: true });
    writeFileSync(join(machine.cache, 'engine', 'current.json'), '{"tensorflow": "/half-wri');
    writeFileSync(join(machine.cache, 'setup.lock'), `${dead} ${hostname()} token`);
    expect((await setupEngine()).already).toBe(false);
    expect(readdirSync(machine.cache).sort()).toEqual(['engine', 'tensorflow']);
  });

  it('builds again when its files were deleted, from the TensorFlow in the cache', async () => {
    goodMachine();
    const first = await setupEngine();
    rmSync(join(machine.cache, 'engine'), { recursive: true });
    expect(await setupEngine()).toMatchObject({ already: false, source: 'cache', binding: first.binding });
    expect(machine.ran('pip download')).toHaveLength(1);
  });

  it('builds again when the sources of the binding are others than at the last set-up', async () => {
    goodMachine();
    await setupEngine();
    const path = join(machine.cache, 'engine', 'current.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"recipe": "[^"]*"/, '"recipe": "older"'));
    expect((await setupEngine()).already).toBe(false);
  });
});

describe('setupEngine says how to mend', () => {
  it('no compiler', async () => {
    goodMachine();
    rmSync(join(machine.bin, 'g++'));
    expect(await failure()).toBe(
      "dpbench setup: there is no C++ compiler to build the TensorFlow binding with; got 'g++, clang++, c++', expected g++ or clang++ on the PATH, or CXX naming one. Install one (Debian, Ubuntu: `apt install g++`; Fedora: `dnf install gcc-c++`; macOS: `xcode-select --install`) and run `dpbench setup` again.",
    );
    machine.compiler();
    expect(await setupEngine()).toMatchObject({ already: false, source: 'cache' });
  });

  it('a CXX that is no compiler', async () => {
    goodMachine();
    process.env['CXX'] = 'no-such-compiler';
    expect(await failure()).toContain("got 'no-such-compiler', expected g++ or clang++ on the PATH, or CXX naming one");
  });

  it('a compiler that fails', async () => {
    goodMachine();
    machine.program('g++', '[ "$1" = --version ] && echo old && exit; echo "x.cc:1: error: no C++17" >&2; exit 1');
    expect(await failure()).toBe(
      "dpbench setup: the TensorFlow binding did not compile (x.cc:1: error: no C++17); got 'old', expected a compiler for C++17 and a TensorFlow 2. Set CXX to another compiler or DPBENCH_TENSORFLOW to another TensorFlow, and run `dpbench setup` again.",
    );
    expect(readdirSync(machine.cache).sort()).toEqual(['tensorflow']);
  });

  it('libraries that this machine cannot load', async () => {
    goodMachine();
    machine.program(
      'g++',
      '[ "$1" = --version ] && echo g && exit; while [ "$1" != -o ]; do shift; done; echo broken > "$2"',
    );
    const message = await failure();
    expect(message).toContain('dpbench setup: the TensorFlow libraries cannot be loaded on this machine (Error: ');
    expect(message).toContain('Set DPBENCH_TENSORFLOW to a TensorFlow that Python on this machine can import');
  });

  it('no Python and no pip', async () => {
    machine.compiler();
    expect(await failure()).toBe(
      'dpbench setup: TensorFlow is not on this machine and there is no pip to fetch it with; expected python3 with pip on the PATH. Install them (Debian, Ubuntu: `apt install python3-pip`; macOS: `brew install python`), or set DPBENCH_TENSORFLOW to a folder with TensorFlow; then run `dpbench setup` again.',
    );
  });

  it('a Python without pip, unless pip3 is there', async () => {
    machine.compiler();
    machine.writeWheel();
    machine.program('python3', '[ "$1" = -c ] && exit; echo "python3: No module named pip" >&2; exit 1');
    expect(await failure()).toContain('there is no pip to fetch it with');
    machine.program('pip3', `while [ "$1" != -d ]; do shift; done; /bin/cp '${machine.wheel}' "$2"`);
    expect(await setupEngine()).toMatchObject({ source: 'pip' });
  });

  it('a pip that cannot reach its index', async () => {
    goodMachine();
    machine.program('python3', '[ "$1" = -c ] && exit; echo "ERROR: No matching distribution found" >&2; exit 1');
    expect(await failure()).toBe(
      "dpbench setup: pip could not download tensorflow-cpu==2.21.0 (ERROR: No matching distribution found); got 'python3 -m pip', expected a package index that pip can reach. Check the connection and pip's index (`pip config list`), or install TensorFlow yourself and set DPBENCH_TENSORFLOW to its folder; then run `dpbench setup` again.",
    );
  });

  it('a damaged wheel, of which nothing is kept', async () => {
    goodMachine();
    truncateSync(machine.wheel, 200);
    const message = await failure();
    expect(message).toMatch(
      /^dpbench setup: the fetched tensorflow-cpu==2\.21\.0 cannot be used: the wheel is damaged \(.+\)\. Nothing of it was kept\. Run `dpbench setup` again; if it stays so, `pip cache purge` first\.$/,
    );
    expect(readdirSync(machine.cache)).toEqual([]);
    machine.writeWheel();
    expect((await setupEngine()).already).toBe(false);
  });

  it('a wheel without the libraries', async () => {
    goodMachine();
    machine.writeWheel({ 'tensorflow/__init__.py': '' });
    expect(await failure()).toContain('the fetched tensorflow-cpu cannot be used: it holds no TensorFlow library');
  });

  it('a named folder that is no TensorFlow', async () => {
    goodMachine();
    const words =
      /^tensorflow: this folder holds no TensorFlow; got '.*bin', expected a folder with include.*Name the folder `tensorflow` inside a Python's site-packages, or leave it out and run `dpbench setup`\.$/;
    expect(await failure({ tensorflow: machine.bin })).toMatch(words);
    process.env['DPBENCH_TENSORFLOW'] = machine.bin;
    expect(await failure({ tensorflow: machine.folder })).toBe(
      `tensorflow: DPBENCH_TENSORFLOW names another folder; got '${machine.folder}', expected the same as DPBENCH_TENSORFLOW, '${machine.bin}'. Unset DPBENCH_TENSORFLOW, or leave the option out.`,
    );
    expect(await failure()).toMatch(/^DPBENCH_TENSORFLOW: this folder holds no TensorFlow/);
  });

  it('a full disk', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    expect((setupError(full, '/c') as Error).message).toBe(
      "dpbench setup: the disk is full; got '/c', expected about 1.5 GB of room (5 GB with CUDA). Make room, or set DPBENCH_CACHE to a folder on another disk, and run `dpbench setup` again.",
    );
    const fault = new TypeError('a fault of ours keeps its own words');
    expect(setupError(fault, '/c')).toBe(fault);
  });

  it('a package that was not installed whole', () => {
    const path = '/app/node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc';
    const missing = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open', path });
    expect((setupError(missing, '/c') as Error).message).toBe(
      `dpbench setup: a file that npm installs is not there; got '${path}'. Install the packages of dpbench again (\`npm ci\` in a clone), then run \`dpbench setup\` again.`,
    );
  });

  it('a cache that cannot be written', async () => {
    goodMachine();
    // A file in the way stops even root, whom permissions do not.
    writeFileSync(machine.cache, '');
    expect(await failure()).toMatch(
      /^dpbench setup: the cache cannot be written \(.+\); got '.*cache', expected a folder that you may write to\. Set DPBENCH_CACHE to such a folder and run `dpbench setup` again\.$/,
    );
  });
});
