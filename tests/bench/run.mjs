// npm run bench -- [NAME] [flags]: one measurement of tests/bench; without a name the one of the DP-SGD step.
// NAME.bench.ts is run by vitest. A folder NAME is a program of its own, which times processes: it is compiled beside the
// build, because vitest in the same process would count in its memory.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, '..', '..');

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const isProgram = (name) => existsSync(join(folder, name, 'main.ts'));
const names = readdirSync(folder)
  .map((file) => file.replace(/\.bench\.ts$/, ''))
  .filter((name) => isProgram(name) || existsSync(join(folder, `${name}.bench.ts`)));

const given = process.argv.slice(2);
const [name, ...flags] = given[0] === undefined || given[0].startsWith('-') ? ['dp-sgd', ...given] : given;
if (!names.includes(name)) {
  process.stderr.write(`bench: there is no ${name}; expected one of ${names.join(', ')}: npm run bench -- dp-sgd\n`);
  process.exit(2);
}
if (isProgram(name)) {
  node('node_modules/typescript/bin/tsc', '-p', '.config/tsconfig.bench.json');
  node(join('dist', 'tests', 'bench', name, 'main.js'), ...flags);
} else node('node_modules/vitest/vitest.mjs', 'run', '-c', 'tests/bench/vitest.config.ts', name, ...flags);
