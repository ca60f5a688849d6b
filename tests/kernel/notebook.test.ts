/** `dpbench notebook run` on small notebooks, through the built kernel. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { notebookCommand } from '../../kernel/notebook.js';
import type { CellOutput } from '../../kernel/outputs.js';
import { OptionError } from '../../lib/core/errors.js';
import { builtKernel, isAlive, plain, until } from './built-kernel.js';

const folder = mkdtempSync(join(tmpdir(), 'dpbench-notebook-'));
afterAll(() => rmSync(folder, { recursive: true }));

function notebook(name: string, ...sources: string[]): string {
  const markdown = { cell_type: 'markdown', metadata: {}, source: ['# Title'] };
  const code = sources.map((source) => ({
    cell_type: 'code',
    metadata: {},
    source,
    outputs: [{}],
    execution_count: 9,
  }));
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ cells: [markdown, ...code], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  return path;
}

interface Cell {
  execution_count: number | null;
  outputs: CellOutput[];
}

function codeCells(path: string): Cell[] {
  const { cells } = JSON.parse(readFileSync(path, 'utf8')) as { cells: (Cell & { cell_type: string })[] };
  return cells.filter(({ cell_type }) => cell_type === 'code');
}

async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const code = await notebookCommand(args, (line) => lines.push(plain(line)), { argv: builtKernel() });
  return { code, said: lines.join('\n') };
}

it('runs all cells and writes the outputs, to another file when told', async () => {
  const file = notebook('good.ipynb', 'const a = 20', '', 'console.log(process.cwd()); a + 1', 'display(a)');
  const out = join(folder, 'out.ipynb');
  expect((await run(file, '--out', out)).code).toBe(0);
  expect(codeCells(file)[0]!.execution_count).toBe(9);
  const cells = codeCells(out);
  expect(cells.map((cell) => cell.execution_count)).toEqual([1, null, 2, 3]);
  expect(cells[2]!.outputs).toEqual([
    { output_type: 'stream', name: 'stdout', text: `${folder}\n` },
    { output_type: 'execute_result', data: { 'text/plain': '21' }, metadata: {}, execution_count: 2 },
  ]);
  expect(readdirSync(folder).sort()).toEqual(['good.ipynb', 'out.ipynb']);
});

it('a failing cell ends the run with 1, its error in lines of the cell, and keeps what ran', async () => {
  const file = notebook('bad.ipynb', 'const a = 1; a', '// one\nthrow new RangeError("too far")', '3');
  const { code, said } = await run(file);
  expect(code).toBe(1);
  expect(said).toContain('cell 2 failed: RangeError: too far\nRangeError: too far\nCell 2, line 2\n');
  const cells = codeCells(file);
  expect(cells.map(({ outputs }) => outputs.map(({ output_type }) => output_type))).toEqual([
    ['execute_result'],
    ['error'],
    [],
  ]);
});

it('a cell that takes too long is stopped', async () => {
  const file = notebook('slow.ipynb', 'while (true) {}');
  const { code, said } = await run(file, '--timeout', '1');
  expect([code, said]).toEqual([1, expect.stringContaining('cell 1 failed: Stopped: The cell took longer than 1 s.')]);
});

it('Ctrl-C keeps the half-run notebook and leaves no process behind', async () => {
  const file = notebook(
    'stopped.ipynb',
    'console.log(process.pid, process.ppid)',
    'console.log("running"); while (true) {}',
  );
  const script = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist', 'kernel', 'notebook.js');
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  await until(() => said.includes('cell 2 of 2'), 'the second cell runs', 60);
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect(code).toBe(130);
  const [first, second] = codeCells(file);
  expect(second!.outputs.at(-1)).toMatchObject({ output_type: 'error', ename: 'Interrupted' });
  const pids = (first!.outputs[0] as { text: string }).text.split(' ').map(Number);
  await until(() => !pids.some(isAlive), 'the processes of the kernel have ended');
});

it.each([
  [[], 'notebook run: not one file; got '],
  [['a.ipynb', '--timeout', 'soon'], "notebook run: --timeout is no time; got 'soon', expected seconds above 0."],
  [['a.ipynb', '--oout', 'b'], "notebook run: Unknown option '--oout'"],
])('refuses %j as bad usage', async (args, message) => {
  await expect(run(...args)).rejects.toThrow(OptionError);
  await expect(run(...args)).rejects.toThrow(message);
});

it('says before the run that the result has no place', async () => {
  const file = notebook('fine.ipynb', '1');
  await expect(run(file, '--out', '/no/such/folder/x.ipynb')).rejects.toThrow('the folder of the result is absent');
  expect(existsSync(file)).toBe(true);
});
