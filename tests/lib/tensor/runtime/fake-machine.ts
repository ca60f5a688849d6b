import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { strToU8, zipSync } from 'fflate';

const realPath = process.env['PATH'] ?? '';

/** The files of a TensorFlow wheel that matter, and one that must not be unpacked. */
const wheelFiles = {
  'tensorflow/libtensorflow_cc.so.2': 'library',
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/libtensorflow_cc.2.dylib': 'library',
  'tensorflow/libtensorflow_framework.2.dylib': 'framework',
  'tensorflow/include/tensorflow/c/eager/c_api.h': '// header',
  'tensorflow/python/not_needed.py': '# not needed',
  'tensorflow_cpu-2.21.0.dist-info/METADATA': 'Name: tensorflow-cpu',
};

/**
 * A machine in a temporary folder: PATH holds only the programs that a test puts there, and the cache is empty. The
 * fake pip copies a wheel of a few bytes, the fake compiler a binding that says its TensorFlow version and no more.
 */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'dpbench-machine-'));
  readonly bin = join(this.folder, 'bin');
  readonly cache = join(this.folder, 'cache');
  readonly wheel = join(this.folder, 'tensorflow_cpu-2.21.0-cp311-cp311-any.whl');
  readonly log = join(this.folder, 'log');
  readonly #env = { ...process.env };

  constructor() {
    mkdirSync(this.bin);
    writeFileSync(this.log, '');
    process.env['PATH'] = this.bin;
    process.env['DPBENCH_CACHE'] = this.cache;
    delete process.env['DPBENCH_TENSORFLOW'];
    delete process.env['CXX'];
  }

  remove(): void {
    process.env = this.#env;
    rmSync(this.folder, { recursive: true, force: true });
  }

  program(name: string, script: string): void {
    const path = join(this.bin, name);
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> '${this.log}'\n${script}\n`);
    chmodSync(path, 0o755);
  }

  /** A Python whose `tensorflow` lies in `folder` (nowhere by default), and whose pip brings the wheel. */
  python(folder = ''): void {
    const origin = folder === '' ? '' : join(folder, '__init__.py');
    this.program(
      'python3',
      `case "$1" in
         -c) printf '%s' '${origin}';;
         --version) echo 'Python 3.11.7';;
         -m) while [ "$1" != -d ]; do shift; done; /bin/cp '${this.wheel}' "$2";;
       esac`,
    );
  }

  compiler(): void {
    const built = builtFakes();
    this.program(
      'g++',
      `if [ "$1" = --version ]; then echo 'fake g++ 1.0'; exit; fi
       while [ "$1" != -o ]; do shift; done
       case "$2" in *quiet*) /bin/cp '${built.quiet}' "$2";; *) /bin/cp '${built.binding}' "$2";; esac`,
    );
  }

  writeWheel(files: Record<string, string> = wheelFiles): void {
    const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
    writeFileSync(this.wheel, zip);
  }

  /** An unpacked wheel in a folder of that name; the path of `tensorflow` in it. */
  unpackedTensorflow(name: string, files: Record<string, string> = wheelFiles): string {
    for (const [file, text] of Object.entries(files)) {
      const path = join(this.folder, name, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    return join(this.folder, name, 'tensorflow');
  }

  /** The programs that ran, with their arguments, one a line. */
  ran(what: string): string[] {
    return readFileSync(this.log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(what));
  }
}

let fakes: { binding: string; quiet: string } | undefined;

/** Compiles, once a process, an addon that says what a binding says when it is tried out. */
function builtFakes(): { binding: string; quiet: string } {
  if (fakes) return fakes;
  const folder = mkdtempSync(join(tmpdir(), 'dpbench-fakes-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const source = join(folder, 'fake.cc');
  const binding = join(folder, 'binding.node');
  writeFileSync(
    source,
    `#include <node_api.h>
     NAPI_MODULE_INIT() {
       napi_value version;
       napi_create_string_latin1(env, "2.21.0-fake", NAPI_AUTO_LENGTH, &version);
       napi_set_named_property(env, exports, "TF_Version", version);
       return exports;
     }`,
  );
  const headers = join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');
  const mac = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  const args = ['-shared', '-fPIC', `-I${headers}`, ...mac, source, '-o', binding];
  execFileSync('c++', args, { env: { ...process.env, PATH: realPath } });
  const quiet = join(folder, 'quiet.node');
  copyFileSync(binding, quiet);
  return (fakes = { binding, quiet });
}
