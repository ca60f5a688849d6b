import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A TensorFlow on disk that the binding can be built against. */
export interface TensorflowFolder {
  /** The folder that holds `include` and the libraries; absolute. */
  readonly folder: string;
  readonly include: string;
  /** The folder of the shared libraries and their file names. */
  readonly libraryFolder: string;
  readonly libraries: readonly string[];
  /** `2.21.0`, or `unknown` where neither wheel nor headers say. */
  readonly version: string;
  /** True for a build that can use CUDA, as far as its package name tells. */
  readonly cuda: boolean;
}

/** Names of the shared libraries: of a Python wheel, then of the libtensorflow archive for C programs. */
const libraryNames: Readonly<Record<'linux' | 'darwin', readonly (readonly string[])[]>> = {
  linux: [
    ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    ['libtensorflow.so.2', 'libtensorflow_framework.so.2'],
  ],
  darwin: [
    ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    ['libtensorflow.2.dylib', 'libtensorflow_framework.2.dylib'],
  ],
};

/**
 * Looks whether a folder is a TensorFlow: `site-packages/tensorflow`, a folder with that inside (`site-packages`, an
 * unpacked wheel), or an unpacked libtensorflow archive (`lib` and `include`). Undefined when it is none.
 */
export function openTensorflowFolder(
  path: string,
  platform: NodeJS.Platform = process.platform,
): TensorflowFolder | undefined {
  const choices = platform === 'darwin' ? libraryNames.darwin : libraryNames.linux;
  for (const folder of [resolve(path), resolve(path, 'tensorflow')]) {
    const include = join(folder, 'include');
    if (!existsSync(join(include, 'tensorflow', 'c', 'eager', 'c_api.h'))) continue;
    for (const libraryFolder of [folder, join(folder, 'lib')]) {
      const libraries = choices.find((names) => names.every((name) => existsSync(join(libraryFolder, name))));
      if (libraries) return { folder, include, libraryFolder, libraries, ...readPackage(folder, include) };
    }
  }
  return undefined;
}

/** What libraries a folder should have had, for error messages. */
export function expectedLibraries(platform: NodeJS.Platform = process.platform): string {
  const names = (platform === 'darwin' ? libraryNames.darwin : libraryNames.linux).map((pair) => pair[0]);
  return `a folder with include/tensorflow/c/eager/c_api.h and ${names.join(' or ')}`;
}

/** The one platform whose `tensorflow` wheel can use CUDA; its `tensorflow-cpu` is half the size. Others have one wheel. */
export function cudaPlatform(platform: NodeJS.Platform = process.platform, arch: string = process.arch): boolean {
  return platform === 'linux' && arch === 'x64';
}

/** Version and kind, from the wheel's own record beside the folder, else from a header that older releases have. */
function readPackage(folder: string, include: string): { version: string; cuda: boolean } {
  for (const name of readdirSync(dirname(folder))) {
    const found = /^tensorflow(_cpu|_macos|_intel|_cpu_aws)?-(\d[^-]*)\.dist-info$/.exec(name);
    if (found) return { version: found[2] ?? 'unknown', cuda: found[1] === undefined && cudaPlatform() };
  }
  return { version: versionOfHeaders(include), cuda: false };
}

function versionOfHeaders(include: string): string {
  for (const name of ['release_version.h', 'version.h']) {
    const path = join(include, 'tensorflow', 'core', 'public', name);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`define TF_${part}_VERSION (\\d+)`).exec(text)?.[1],
    );
    if (parts.every((part) => part !== undefined)) return parts.join('.');
  }
  return 'unknown';
}
