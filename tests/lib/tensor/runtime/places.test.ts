import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../../lib/tensor/runtime/cache-folder.js';
import { wheelName, wheelPlatforms } from '../../../../lib/tensor/runtime/fetch.js';
import { findTensorflow } from '../../../../lib/tensor/runtime/find.js';
import { openTensorflowFolder } from '../../../../lib/tensor/runtime/tensorflow-folder.js';
import { FakeMachine } from './fake-machine.js';

describe('cacheFolder', () => {
  it('follows DPBENCH_CACHE, then the rules of the operating system', () => {
    const HOME = '/home/ada';
    expect(cacheFolder({ DPBENCH_CACHE: '/c', XDG_CACHE_HOME: '/x', HOME }, 'linux')).toBe('/c');
    expect(cacheFolder({ XDG_CACHE_HOME: '/x', HOME }, 'linux')).toBe(join('/x', 'dpbench'));
    expect(cacheFolder({ HOME }, 'linux')).toBe(join(HOME, '.cache', 'dpbench'));
    expect(cacheFolder({ HOME }, 'darwin')).toBe(join(HOME, 'Library', 'Caches', 'dpbench'));
    expect(cacheFolder({ HOME, LOCALAPPDATA: 'L' }, 'win32')).toBe(join('L', 'dpbench', 'cache'));
  });
});

describe('the wheel to fetch', () => {
  // As the package index has them for 2.21.0: tensorflow-cpu only for x64, CUDA only on Linux.
  it('names the package that has CUDA, or has not, on this platform', () => {
    expect(wheelName(false, 'linux', 'x64')).toBe('tensorflow-cpu');
    expect(wheelName(true, 'linux', 'x64')).toBe('tensorflow');
    expect(wheelName(false, 'linux', 'arm64')).toBe('tensorflow');
    expect(wheelName(false, 'darwin', 'arm64')).toBe('tensorflow');
    expect(() => wheelName(true, 'darwin', 'arm64')).toThrow(
      "dpbench setup --gpu: there is no TensorFlow wheel with CUDA for this platform; got 'darwin arm64', expected Linux on x64. Run `dpbench setup` without --gpu.",
    );
  });

  it('names wheels that exist, and says so where there are none', () => {
    expect(wheelPlatforms('linux', 'x64')[0]).toBe('manylinux_2_27_x86_64');
    expect(wheelPlatforms('linux', 'arm64')[0]).toBe('manylinux_2_27_aarch64');
    expect(wheelPlatforms('darwin', 'arm64')).toEqual(['macosx_12_0_arm64']);
    expect(() => wheelPlatforms('win32', 'x64')).toThrow(
      "dpbench setup: there is no TensorFlow wheel with a C library for this platform; got 'win32 x64', expected Linux on x64 or arm64, or macOS on arm64. On Windows use WSL 2; elsewhere set DPBENCH_TENSORFLOW to a TensorFlow that you built.",
    );
  });
});

describe('findTensorflow', () => {
  let machine: FakeMachine;
  beforeEach(() => {
    machine = new FakeMachine();
  });
  afterEach(() => machine.remove());

  const source = async (options: { gpu?: boolean; folder?: string } = {}) =>
    (await findTensorflow({ ...options, cache: machine.cache }))?.source;

  it('looks at the option, DPBENCH_TENSORFLOW, Python and the cache, in this order', async () => {
    machine.python();
    expect(await source()).toBeUndefined();
    machine.unpackedTensorflow('cache/tensorflow/tensorflow-cpu-2.21.0');
    expect(await source()).toBe('cache');
    machine.python(machine.unpackedTensorflow('of-python'));
    expect(await source()).toBe('python');
    const named = machine.unpackedTensorflow('named');
    process.env['DPBENCH_TENSORFLOW'] = named;
    expect(await source()).toBe('DPBENCH_TENSORFLOW');
    expect(await source({ folder: named })).toBe('option');
  });

  it('passes over a Python without TensorFlow, one whose TensorFlow has no C library, and none at all', async () => {
    expect(await source()).toBeUndefined();
    machine.program('python3', 'exit 1');
    machine.program('python', `printf '%s' '${machine.unpackedTensorflow('of-python')}/__init__.py'`);
    expect(await source()).toBe('python');
    machine.python(machine.unpackedTensorflow('bare', { 'tensorflow/__init__.py': '' }));
    expect(await source()).toBeUndefined();
  });

  it('passes over a CPU build when a GPU is asked for', async () => {
    machine.python(machine.unpackedTensorflow('of-python'));
    machine.unpackedTensorflow('cache/tensorflow/tensorflow-cpu-2.21.0');
    expect(await source({ gpu: true })).toBeUndefined();
  });

  it('knows a libtensorflow archive by its lib folder, and reads the version of its headers', () => {
    const header = '#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 18\n#define TF_PATCH_VERSION 1\n';
    machine.unpackedTensorflow('archive', {
      'lib/libtensorflow.so.2': '',
      'lib/libtensorflow_framework.so.2': '',
      'include/tensorflow/c/eager/c_api.h': '',
      'include/tensorflow/core/public/version.h': header,
    });
    const folder = join(machine.folder, 'archive');
    expect(openTensorflowFolder(folder, 'linux')).toMatchObject({
      libraryFolder: join(folder, 'lib'),
      version: '2.18.1',
    });
    expect(openTensorflowFolder(folder, 'darwin')).toBeUndefined();
  });
});
