import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installCommand, installedKernels, installKernel, uninstallKernel } from '../../kernel/install.js';
import { DpbenchError, OptionError } from '../../lib/core/errors.js';
import { plotlyFile } from '../../lib/display/plotly-page.js';

let prefix: string;
let kernels: string;

beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), 'dpbench-install-'));
  kernels = join(prefix, 'share', 'jupyter', 'kernels');
});
afterEach(() => rmSync(prefix, { recursive: true }));

it('writes a kernel.json that starts this program, logos, and plotly.js', () => {
  const folder = installKernel({ prefix, displayName: 'Mine' });
  expect(folder).toBe(join(kernels, 'dpbench'));
  const spec = JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8')) as { argv: string[] };
  expect(spec).toMatchObject({ display_name: 'Mine', language: 'typescript', interrupt_mode: 'message' });
  const [node, main, ...rest] = spec.argv;
  expect(statSync(node!).isFile()).toBe(true);
  expect(main).toMatch(/kernel[\\/]main\.js$/);
  expect(rest).toEqual(['--connection-file', '{connection_file}']);
  expect(decode(readFileSync(join(folder, 'logo-64x64.png'))).width).toBe(64);
  expect(decode(readFileSync(join(folder, 'logo-32x32.png'))).width).toBe(32);
  expect(readFileSync(join(folder, 'logo-svg.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
  expect(readFileSync(join(folder, 'plotly.min.js'))).toEqual(readFileSync(plotlyFile()));
  expect(readdirSync(kernels)).toEqual(['dpbench']);
});

it('replaces itself, is listed, and goes away', () => {
  installKernel({ prefix, displayName: 'Old' });
  const folder = installKernel({ prefix, displayName: 'New' });
  expect(readFileSync(join(folder, 'kernel.json'), 'utf8')).toContain('New');
  // The compiled program is absent where only the sources lie: then the list says that it cannot start.
  const [found] = installedKernels({ prefix });
  expect(found).toMatchObject({ name: 'dpbench', folder });
  expect(uninstallKernel({ prefix })).toBe(folder);
  expect(uninstallKernel({ prefix })).toBeUndefined();
  expect(installedKernels({ prefix }).filter((kernel) => kernel.folder.startsWith(prefix))).toEqual([]);
});

it('tells a kernel whose program is gone', () => {
  const file = join(installKernel({ prefix }), 'kernel.json');
  writeFileSync(file, JSON.stringify({ argv: ['/no/such/node', '/no/kernel/main.js'] }));
  expect(installedKernels({ prefix })[0]!.broken).toBe('/no/such/node is gone; install the kernel again');
  expect(installCommand(['list', '--prefix', prefix])).toContain('/no/such/node is gone');
});

it('never touches a kernel of somebody else', () => {
  mkdirSync(join(kernels, 'python3'), { recursive: true });
  writeFileSync(join(kernels, 'python3', 'kernel.json'), '{"argv":["python","-m","ipykernel_launcher"]}');
  const message = (asked: string) =>
    `${asked}: another kernel has that name; got '${join(kernels, 'python3')}'. Give another --name, or remove that folder yourself.`;
  expect(() => installKernel({ prefix, name: 'python3' })).toThrow(message('kernel install'));
  expect(() => uninstallKernel({ prefix, name: 'python3' })).toThrow(message('kernel uninstall'));
  expect(existsSync(join(kernels, 'python3', 'kernel.json'))).toBe(true);
});

it.each([
  [
    ['install', '--prefix', '/no/such/folder'],
    "kernel: --prefix is no folder; got '/no/such/folder', expected a folder that exists, such as a Python environment.",
  ],
  [
    ['install', '--name', 'a/b'],
    "kernel: --name is no kernel name; got 'a/b', expected letters, digits, '.', '_' and '-'.",
  ],
  [
    ['uninstall', '--name', '..'],
    "kernel: --name is no kernel name; got '..', expected letters, digits, '.', '_' and '-'.",
  ],
  [
    ['install', '--user', '--prefix', '/tmp'],
    'kernel: two places at once; expected one of --user, --prefix and --sys-prefix.',
  ],
  [['instal'], "kernel: unknown command; got 'instal', expected install | uninstall | list"],
  [['install', '--prefx', '/'], "kernel: Unknown option '--prefx'"],
])('refuses %j', (args, message) => {
  expect(() => installCommand(args)).toThrow(OptionError);
  expect(() => installCommand(args)).toThrow(message);
});

it('says where it cannot write, and loses nothing', () => {
  const folder = installKernel({ prefix, displayName: 'Before' });
  // A file where a folder must be: also the superuser cannot write there.
  const file = join(prefix, 'file');
  mkdirSync(file);
  writeFileSync(join(file, 'share'), '');
  expect(() => installKernel({ prefix: file })).toThrow(DpbenchError);
  expect(() => installKernel({ prefix: file })).toThrow(
    `kernel install: cannot write there (ENOTDIR); got '${join(file, 'share/jupyter/kernels')}', expected a folder that you may write. ` +
      'Use --user, or --prefix with a folder of your own.',
  );
  expect(readFileSync(join(folder, 'kernel.json'), 'utf8')).toContain('Before');
});

it.skipIf(process.getuid?.() === 0)('a folder without the right to write keeps what is in it', () => {
  installKernel({ prefix, displayName: 'Before' });
  chmodSync(kernels, 0o555);
  try {
    expect(() => installKernel({ prefix })).toThrow('kernel install: cannot write there (EACCES)');
    expect(readdirSync(kernels)).toEqual(['dpbench']);
  } finally {
    chmodSync(kernels, 0o755);
  }
});
