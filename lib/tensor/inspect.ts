import { resolve } from 'node:path';
import type { Rank, Tensor } from '@tensorflow/tfjs-node';
import { DpbenchError } from '../core/errors.js';
import { mallocVariables } from './malloc.js';
import { tensorflowBackend } from './run-op.js';
import { findCompiler } from './runtime/build.js';
import { cacheFolder } from './runtime/cache-folder.js';
import { findTensorflow, pythonNames } from './runtime/find.js';
import { loadEngine } from './runtime/load.js';
import { runProgram } from './runtime/program.js';
import { readRecord, type EngineRecord } from './runtime/record.js';
import { tf } from './tf.js';

/** One thing that `dpbench doctor` looked at. */
export interface DoctorLine {
  readonly name: string;
  readonly ok: boolean;
  readonly value: string;
  /** What to do when it is not ok. */
  readonly mend?: string;
}

/**
 * Looks at everything that the tensor engine needs, and measures it when it is there (about three seconds). Never throws
 * for an engine that is absent or broken: that is what it is asked to find out.
 *
 * @example for (const { name, ok, value } of await inspectEngine()) console.log(ok ? 'ok' : 'FAIL', name, value);
 */
export async function inspectEngine(): Promise<DoctorLine[]> {
  const cache = resolve(cacheFolder());
  const record = readRecord(cache);
  const lines = [
    { name: 'platform', ok: true, value: `${process.platform} ${process.arch}` },
    nodeLine(),
    await pythonLine(record),
    await compilerLine(record),
    { name: 'cache', ok: true, value: cache },
    await libraryLine(cache, record),
  ];
  return [...lines, ...(await engineLines(record)), mallocLine()];
}

function nodeLine(): DoctorLine {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  const value = process.versions.node;
  return ok ? { name: 'Node', ok, value } : { name: 'Node', ok, value, mend: 'Install Node 20.19 or newer.' };
}

/** Python and a compiler are needed for the set-up alone: their absence is no fault of an engine that is set up. */
async function pythonLine(record: EngineRecord | undefined): Promise<DoctorLine> {
  const name = 'Python';
  for (const python of pythonNames) {
    const { status, stdout } = await runProgram(python, ['--version']);
    if (status === 0) return { name, ok: true, value: `${stdout.trim()} (${python})` };
  }
  if (record) return { name, ok: true, value: 'none (needed only for dpbench setup)' };
  return { name, ok: false, value: 'none', mend: 'Install Python 3 with pip, or set DPBENCH_TENSORFLOW to a folder.' };
}

async function compilerLine(record: EngineRecord | undefined): Promise<DoctorLine> {
  const name = 'C++ compiler';
  const compiler = await findCompiler();
  if (compiler) return { name, ok: true, value: `${compiler.version} (${compiler.program})` };
  if (record) return { name, ok: true, value: 'none (needed only for dpbench setup)' };
  return { name, ok: false, value: 'none', mend: 'Install g++ or clang++ (Debian, Ubuntu: `apt install g++`).' };
}

async function libraryLine(cache: string, record: EngineRecord | undefined): Promise<DoctorLine> {
  const name = 'TensorFlow';
  if (record) return { name, ok: true, value: `${record.version} in ${record.tensorflow} (${record.source})` };
  try {
    const found = await findTensorflow({ cache });
    if (found) return { name, ok: true, value: `${found.version} in ${found.folder} (${found.source})` };
    return { name, ok: false, value: 'not found', mend: 'Run `dpbench setup`: it fetches one with pip.' };
  } catch (error) {
    return brokenLine(name, error, 'Unset DPBENCH_TENSORFLOW or set it to such a folder.');
  }
}

async function engineLines(record: EngineRecord | undefined): Promise<DoctorLine[]> {
  if (!record) return [{ name: 'engine', ok: false, value: 'not set up', mend: 'Run `dpbench setup`.' }];
  try {
    loadEngine();
    const { binding, isUsingGpuDevice } = tensorflowBackend();
    return [
      { name: 'engine', ok: true, value: `TensorFlow ${binding.TF_Version} through ${record.binding}` },
      deviceLine(record, isUsingGpuDevice),
      rateLine('matmul 1024^3', await rateOf(2 * 1024 ** 3, matmulStep())),
      rateLine('conv 3x3 64->64', await rateOf(2 * 64 * 28 * 28 * 9 * 64 * 64, convStep())),
    ];
  } catch (error) {
    return [brokenLine('engine', error, `Delete ${resolve(cacheFolder())} and run \`dpbench setup\` again.`)];
  }
}

function deviceLine(record: EngineRecord, gpu: boolean): DoctorLine {
  if (gpu || !record.cuda) return { name: 'device', ok: true, value: gpu ? 'GPU' : 'CPU' };
  const value = 'CPU (this TensorFlow can use CUDA and found no GPU, or its drivers or libraries are absent)';
  return { name: 'device', ok: true, value };
}

function mallocLine(): DoctorLine {
  const set = Object.keys(mallocVariables).every((name) => process.env[name] !== undefined);
  const value = set ? 'keeps large buffers' : 'default in this process; dpbench sets it where it computes';
  return { name: 'malloc', ok: true, value };
}

function brokenLine(name: string, error: unknown, mend: string): DoctorLine {
  const next = error instanceof DpbenchError ? error.problem.next : undefined;
  return { name, ok: false, value: (error as Error).message, mend: next ?? mend };
}

function rateLine(name: string, rate: number): DoctorLine {
  return { name, ok: true, value: `${rate.toPrecision(3)} GFLOP/s` };
}

interface Step {
  run(): Tensor;
  end(): void;
}

function matmulStep(): Step {
  const [a, b] = [tf.randomNormal([1024, 1024]), tf.randomNormal([1024, 1024])];
  return { run: () => tf.matMul(a, b), end: () => tf.dispose([a, b]) };
}

function convStep(): Step {
  const x = tf.randomNormal<Rank.R4>([64, 28, 28, 64]);
  const w = tf.randomNormal<Rank.R4>([3, 3, 64, 64]);
  return { run: () => tf.conv2d(x, w, 1, 'same'), end: () => tf.dispose([x, w]) };
}

/** Billion operations a second, over about a second after two steps to warm up. */
async function rateOf(operations: number, step: Step): Promise<number> {
  const timed = async (count: number): Promise<number> => {
    const started = performance.now();
    for (let i = 1; i < count; i++) step.run().dispose();
    // One value is read from the last: ops on a GPU run behind the program's back.
    const corner = tf.tidy(() => step.run().flatten().slice(0, 1));
    await corner.data();
    corner.dispose();
    return (performance.now() - started) / 1000;
  };
  try {
    const warm = await timed(2);
    const count = Math.max(2, Math.min(500, Math.round(2 / warm)));
    return (operations * count) / (await timed(count)) / 1e9;
  } finally {
    step.end();
  }
}
