import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EngineError } from '../../core/errors.js';
import { lastLines, runProgram } from './program.js';
import { quietFile, quietSource } from './quiet.js';
import { bindingSources, recipe, tfjsNodeFolder } from './recipe.js';
import type { TensorflowFolder } from './tensorflow-folder.js';

const require = createRequire(import.meta.url);

/** The name of the built binding, in a folder of its own. */
const bindingFile = 'tfjs_binding.node';

/**
 * Where the binding for a TensorFlow is built. The name holds the version and a hash of everything that the built file
 * depends on: the sources, and the library folder, whose path the linker writes into it.
 */
function bindingPath(cache: string, tensorflow: TensorflowFolder): string {
  const hash = createHash('sha256').update(`${recipe()}\n${tensorflow.libraryFolder}`);
  return join(cache, 'engine', `${tensorflow.version}-${hash.digest('hex').slice(0, 12)}`, bindingFile);
}

/**
 * Compiles the binding of tfjs-node against a TensorFlow (about 10 s), tries it in a process of its own, and only then
 * renames it into its place. Returns its path; does nothing when it is there already.
 *
 * @throws EngineError without a C++ compiler, when compiling fails, or when this machine cannot load the result.
 */
export async function buildBinding(
  cache: string,
  tensorflow: TensorflowFolder,
  say: (line: string) => void,
): Promise<string> {
  const target = bindingPath(cache, tensorflow);
  if (existsSync(target)) return target;
  const temporary = await mkdtemp(join(cache, 'build-'));
  try {
    await compile(tensorflow, temporary, say);
    await tryOut(join(temporary, bindingFile), tensorflow);
    await mkdir(dirname(dirname(target)), { recursive: true });
    await rm(dirname(target), { recursive: true, force: true });
    await rename(temporary, dirname(target));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return target;
}

/** The compilers to try, in order. */
function compilers(): string[] {
  return process.env['CXX'] ? [process.env['CXX']] : ['g++', 'clang++', 'c++'];
}

/** The first C++ compiler that runs, with the first line of its version; undefined without one. */
export async function findCompiler(): Promise<{ program: string; version: string } | undefined> {
  for (const program of compilers()) {
    const { status, stdout } = await runProgram(program, ['--version']);
    if (status === 0) return { program, version: stdout.split('\n')[0] ?? '' };
  }
  return undefined;
}

async function compile(tensorflow: TensorflowFolder, folder: string, say: (line: string) => void): Promise<void> {
  const compiler = await findCompiler();
  if (!compiler) {
    throw new EngineError({
      asked: 'dpbench setup',
      wrong: 'there is no C++ compiler to build the TensorFlow binding with',
      got: compilers().join(', '),
      expected: 'g++ or clang++ on the PATH, or CXX naming one',
      next: 'Install one (Debian, Ubuntu: `apt install g++`; Fedora: `dnf install gcc-c++`; macOS: `xcode-select --install`) and run `dpbench setup` again.',
    });
  }
  say(`building the binding for TensorFlow ${tensorflow.version} with ${compiler.version}`);
  const quiet = join(folder, 'quiet.cc');
  await writeFile(quiet, quietSource);
  await runCompiler(compiler, [...commonArguments(), quiet, '-o', join(folder, quietFile)]);
  await runCompiler(compiler, [...commonArguments(), ...bindingArguments(tensorflow, join(folder, bindingFile))]);
}

async function runCompiler(compiler: { program: string; version: string }, args: string[]): Promise<void> {
  const { status, stderr } = await runProgram(compiler.program, args);
  if (status === 0) return;
  const firstError = stderr.split('\n').find((line) => line.includes('error'));
  throw new EngineError({
    asked: 'dpbench setup',
    wrong: `the TensorFlow binding did not compile (${firstError ?? lastLines(stderr)})`,
    got: compiler.version,
    expected: 'a compiler for C++17 and a TensorFlow 2',
    next: 'Set CXX to another compiler or DPBENCH_TENSORFLOW to another TensorFlow, and run `dpbench setup` again.',
  });
}

function commonArguments(): string[] {
  const headers = dirname(require.resolve('node-api-headers/package.json'));
  // Symbols of Node itself are found when Node loads the file.
  const mac = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  return ['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${join(headers, 'include')}`, ...mac];
}

function bindingArguments(tensorflow: TensorflowFolder, built: string): string[] {
  const { include, libraryFolder, libraries } = tensorflow;
  const linked = libraries.map((name) => (process.platform === 'darwin' ? join(libraryFolder, name) : `-l:${name}`));
  return [
    // The sources include "tfjs-node/binding/…" by a path from the folder above.
    ...[dirname(tfjsNodeFolder()), tfjsNodeFolder(), include].map((folder) => `-I${folder}`),
    ...bindingSources(),
    ...['-o', built, `-L${libraryFolder}`, `-Wl,-rpath,${libraryFolder}`],
    ...linked,
  ];
}

/** Loads the binding in another process: a library that this processor cannot run ends a process, not with an error. */
async function tryOut(built: string, tensorflow: TensorflowFolder): Promise<void> {
  const script =
    'const m = { exports: {} }; process.dlopen(m, process.argv[1]); process.stdout.write(m.exports.TF_Version)';
  const { status, stdout, stderr } = await runProgram(process.execPath, ['-e', script, built]);
  if (status === 0 && stdout !== '') return;
  throw new EngineError({
    asked: 'dpbench setup',
    wrong: `the TensorFlow libraries cannot be loaded on this machine (${/Error: .*/.exec(stderr)?.[0] ?? lastLines(stderr)})`,
    got: tensorflow.libraryFolder,
    expected: 'libraries for this operating system and processor',
    next: 'Set DPBENCH_TENSORFLOW to a TensorFlow that Python on this machine can import, and run `dpbench setup` again.',
  });
}
