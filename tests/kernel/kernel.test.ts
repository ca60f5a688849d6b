/** The built kernel, over its sockets, as a front-end uses it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelClient } from '../../kernel/client.js';
import { errorOf, interrupted, isAlive, printed, resultOf, startKernel, until } from './built-kernel.js';

const folder = mkdtempSync(join(tmpdir(), 'dpbench-kernel-test-'));
let client: KernelClient;

beforeAll(async () => {
  client = await startKernel({ cwd: folder });
});
afterAll(async () => {
  await client?.shutdown();
  rmSync(folder, { recursive: true, force: true });
});

const run = async (code: string) => resultOf(await client.execute(code));

describe('protocol', () => {
  it('tells what it is, on both channels', async () => {
    for (const channel of ['shell', 'control'] as const) {
      const info = await client.request(channel, 'kernel_info_request');
      expect(info).toMatchObject({ status: 'ok', protocol_version: '5.5', implementation: 'dpbench' });
      expect(info.language_info).toMatchObject({ name: 'typescript', file_extension: '.ts' });
    }
  });

  it('sends busy, input, result, reply and idle in this order, with the parent of the request', async () => {
    const { messages, reply } = await client.execute('1 + 2 + 3');
    expect(messages.map(({ header }) => header.msg_type)).toEqual([
      'status',
      'execute_input',
      'execute_result',
      'status',
    ]);
    expect(new Set(messages.map(({ parent }) => parent.msg_id)).size).toBe(1);
    expect(messages[2]!.content).toMatchObject({ data: { 'text/plain': '6' }, execution_count: reply.execution_count });
  });

  it('keeps silent when asked, and counts only what is stored', async () => {
    const before = (await client.execute('1')).reply.execution_count as number;
    const silent = await client.execute('console.log("x"); 1', { silent: true });
    expect(silent.outputs).toEqual([]);
    expect(silent.reply.execution_count).toBe(before);
    expect((await client.execute('1', { store_history: false })).reply.execution_count).toBe(before);
    expect((await client.execute('  ')).reply.execution_count).toBe(before);
    expect((await client.execute('1')).reply.execution_count).toBe(before + 1);
  });

  it('evaluates expressions beside the cell; a failing one fails alone', async () => {
    const { reply } = await client.execute('const side = 2', { user_expressions: { a: 'side * 2', b: 'nothing' } });
    expect(reply.status).toBe('ok');
    expect(reply.user_expressions).toMatchObject({
      a: { status: 'ok', data: { 'text/plain': '4' } },
      b: { status: 'error', ename: 'TypeScriptError' },
    });
  });

  it('remembers its cells', async () => {
    await client.execute('"to be found"');
    const search = { hist_access_type: 'search', pattern: '"to be*', output: true, raw: true };
    const { history } = (await client.request('shell', 'history_request', search)) as { history: unknown[][] };
    expect(history.at(-1)![2]).toEqual(['"to be found"', "'to be found'"]);
  });

  it('closes a comm that nobody knows', async () => {
    expect(await client.request('shell', 'comm_info_request')).toEqual({ status: 'ok', comms: {} });
  });

  it('drops a message with a wrong signature and lives on', async () => {
    const forged = client.message('execute_request', { code: 'globalThis.forged = true' });
    client.sendFrames('shell', [
      '<IDS|MSG>',
      'f'.repeat(64),
      JSON.stringify(forged.header),
      '{}',
      '{}',
      '{"code":"globalThis.forged=1"}',
    ]);
    client.sendFrames('shell', ['garbage']);
    expect(await run('(globalThis as any).forged')).toBeUndefined();
    expect(await run('1')).toBe('1');
  });
});

describe('results and errors', () => {
  it('names cell and line of an error, shows the line, and folds libraries', async () => {
    const { outputs, reply } = await client.execute('const name = "mnsit";\n\nawait dp.datasets.load(name as never);');
    const cell = `Cell ${String(reply.execution_count)}`;
    expect(reply).toMatchObject({ status: 'error', ename: 'OptionError' });
    expect(outputs).toHaveLength(1);
    const text = resultOf({ outputs, reply, status: 'error', messages: [] })!;
    expect(text).toContain(`OptionError: dataset: no such name; got 'mnsit'`);
    expect(text).toContain(`${cell}, line 3\n`);
    expect(text).toContain('-->   3 | await dp.datasets.load(name as never);');
    expect(text).toMatch(/ {4}… \d+ calls? inside dpbench\n {4}at Cell \d+, line 3$/);
    expect(text).not.toMatch(/dist|node_modules|node:internal/);
  });

  it('refuses a cell that does not type-check, with the place', async () => {
    const { outputs, reply } = await client.execute('const fine = 1;\nlet wrong: number = "a";');
    expect(reply).toMatchObject({ status: 'error', ename: 'TypeScriptError' });
    expect(errorOf(outputs)!.evalue).toBe("TS2322: Type 'string' is not assignable to type 'number'.");
    expect(errorOf(outputs)!.traceback[1]).toMatch(/^Cell \d+, line 2 - TS2322/);
    expect(await run('typeof dp.run({ method: 1 })')).toContain("Type 'number' is not assignable to type");
  });

  it('aborts the cells that wait behind a failed one, and none that comes later', async () => {
    const sent = ['1', 'throw new Error("stop")', '2', '3'].map((code) => client.execute(code));
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(['ok', 'error', 'aborted', 'aborted']);
    expect(await run('4')).toBe('4');
    const kept = ['throw 1', '5'].map((code) => client.execute(code, { stop_on_error: false }));
    expect((await Promise.all(kept)).map(({ status }) => status)).toEqual(['error', 'ok']);
  });

  it('reports an error that nobody caught in the cell that caused it', async () => {
    const execution = await client.execute(
      'setTimeout(() => { throw new Error("stray") }, 1); await new Promise((r) => setTimeout(r, 50))',
    );
    expect(execution.status).toBe('ok');
    expect(printed(execution, 'stderr')).toContain('Error: stray');
  });

  it('draws tables, tensors and figures', async () => {
    const table = await client.execute('aq.table({ a: [1, 2], b: ["x", "y"] })');
    expect(resultOf(table)).toBe('a  b\n-  -\n1  x\n2  y\n\n2 rows, 2 columns');
    expect(await run('tf.tensor([[1, 2], [3, 4]])')).toBe('Tensor float32 [2, 2]\n[[1, 2],\n [3, 4]]');
    const figure = await client.execute('Plotly.newPlot([{ x: [1, 2], y: [2, 1] }])');
    expect(resultOf(figure)).toBe('Plotly figure: 1 trace (scatter)');
    const [output] = figure.outputs as unknown as { data: Record<string, string> }[];
    expect(Object.keys(output!.data).sort()).toEqual(['application/vnd.plotly.v1+json', 'text/html', 'text/plain']);
    expect(output!.data['text/html']).toContain('<img src="data:image/svg+xml');
  });

  it('imports local TypeScript files, again when they change', async () => {
    writeFileSync(join(folder, 'local.ts'), 'export const answer: number = 41;');
    expect(await run('import { answer } from "./local"; answer')).toBe('41');
    writeFileSync(join(folder, 'local.ts'), 'export const answer: number = 4242;');
    // The change is seen as soon as the operating system tells of it.
    await until(
      async () => (await run('import * as again from "./local"; again.answer')) === '4242',
      'the change is seen',
    );
  });
});

describe('streams', () => {
  it('keeps the order of 10,000 lines and loses none', async () => {
    const execution = await client.execute('for (let i = 0; i < 10000; i++) console.log(i)');
    expect(printed(execution)).toBe(Array.from({ length: 10_000 }, (_l, i) => `${i}\n`).join(''));
    expect(execution.messages.length).toBeLessThan(200);
  });

  it('tells stdout from stderr, and shows what other programs print', async () => {
    const code =
      'import { execSync } from "node:child_process"; console.error("err"); execSync("echo from a child", { stdio: "inherit" });';
    const execution = await client.execute(code);
    expect(printed(execution, 'stderr')).toBe('err\n');
    expect(printed(execution)).toBe('from a child\n');
  });

  it('clears and replaces outputs', async () => {
    const cell =
      'display(1, { display_id: "d" }); console.log("gone"); clearOutput(); display(2, { display_id: "e" }); display(3, { display_id: "e", update: true })';
    const { outputs } = await client.execute(cell);
    expect(outputs).toEqual([{ output_type: 'display_data', data: { 'text/plain': '3' }, metadata: {} }]);
  });

  it('shows progress in one output, at most ten times a second', async () => {
    const code = [
      'const begun = performance.now();',
      'const task = new dp.ProgressTask("counting", 300);',
      'for (let step = 1; step <= 300; step++) { task.report({ step }); await new Promise((r) => setTimeout(r, 2)); }',
      'task.done();',
      '(performance.now() - begun) / 1000',
    ].join('\n');
    const execution = await client.execute(code);
    const displays = execution.messages.filter(({ header }) => /display_data/.test(header.msg_type));
    expect(displays.map(({ header }) => header.msg_type).filter((type) => type === 'display_data')).toHaveLength(1);
    // The first report, ten a second, and the last one.
    expect(displays.length).toBeLessThanOrEqual(Number(resultOf(execution)) * 10 + 2);
    expect(displays.length).toBeGreaterThan(3);
    const [shown, ...rest] = execution.outputs.filter((output) => output.output_type === 'display_data');
    expect(rest).toEqual([]);
    expect(shown!.data['text/plain']).toContain('100 % 300/300');
  });
});

describe('input', () => {
  it('asks the front-end for a line', async () => {
    const asked: unknown[] = [];
    const onInput = (question: string, password: boolean) => (asked.push([question, password]), 'Zoë 😀');
    const code = 'const who = prompt("Name?"); const pin = prompt("Pin?", { password: true }); [who, pin]';
    expect(resultOf(await client.execute(code, { onInput }))).toBe("[ 'Zoë 😀', 'Zoë 😀' ]");
    expect(asked).toEqual([
      ['Name?', false],
      ['Pin?', true],
    ]);
  });

  it('says so where there is no input', async () => {
    expect(await run('prompt("x")')).toContain('prompt: this front-end takes no input; got allow_stdin false.');
  });
});

describe('help', () => {
  interface Completions {
    matches: string[];
    cursor_start: number;
    cursor_end: number;
    metadata: { _jupyter_types_experimental: { text: string; type: string }[] };
  }
  const complete = async (code: string, cursor_pos = [...code].length) =>
    (await client.request('shell', 'complete_request', { code, cursor_pos })) as unknown as Completions;

  it.each([
    ['dp.', { datasets: 'instance', grid: 'function', run: 'function', Ledger: 'class' }],
    ['dp.datasets.', { load: 'function', names: 'function' }],
    ['tf.', { tensor: 'function', Tensor: 'class' }],
    ['Plotly.', { newPlot: 'function', PlotlyFigure: 'class' }],
    ['aq.', { table: 'function', op: 'instance' }],
    ['dp.run({ method: "dp-merf", sca', { scale: 'property' }],
    ["dp.run({ method: '", { 'dp-merf': 'string' }],
    ["dp.run({ method: 'dp-merf', dataset: '", { 'mnist-10k': 'string' }],
    ["dp.run({ scale: '", { smoke: 'string', laptop: 'string', paper: 'string' }],
    ['dis', { display: 'function' }],
  ])('completes %s with types', async (code, expected) => {
    const { matches, metadata } = await complete(code);
    const types = metadata._jupyter_types_experimental;
    expect(types.map(({ text }) => text)).toEqual(matches);
    expect(Object.fromEntries(types.map(({ text, type }) => [text, type]))).toMatchObject(expected);
  });

  it('completes names of earlier cells, and counts an emoji as one character', async () => {
    await client.execute('const quantity = 12');
    const { matches, cursor_start, cursor_end } = await complete('"😀"; quantity.toF');
    expect([matches, cursor_start, cursor_end]).toEqual([['toFixed'], 14, 17]);
    expect((await complete('quantity; 1', 4)).matches).toContain('quantity');
  });

  it('inspects types and documentation', async () => {
    const ask = async (code: string) =>
      client.request('shell', 'inspect_request', { code, cursor_pos: code.length, detail_level: 0 });
    const { found, data } = (await ask('dp.run')) as { found: boolean; data: Record<string, string> };
    expect(found).toBe(true);
    expect(data['text/plain']).toMatch(/function run\(options: RunOptions\): Promise<Run>[^]*calibrates the noise/);
    expect(await ask('   ')).toMatchObject({ status: 'ok', found: false, data: {} });
    const { reply } = await client.execute('dp.datasets.load?');
    expect((reply.payload as { source: string }[])[0]!.source).toBe('page');
  });

  it('answers while a cell runs', async () => {
    const running = client.execute('await new Promise((r) => setTimeout(r, 1000)); "end"');
    expect((await complete('dp.')).matches).toContain('run');
    expect(await client.request('shell', 'is_complete_request', { code: 'f(' })).toMatchObject({
      status: 'incomplete',
    });
    expect(resultOf(await running)).toBe("'end'");
  });
});

describe('interrupt', () => {
  it.each([
    ['a loop', 'kept += 1; while (true) {}'],
    ['a loop after await', 'await null; while (true) {}'],
    ['a loop in a timer', 'setTimeout(() => { while (true) {} }, 1); await new Promise(() => {})'],
    ['an await that never ends', 'await new Promise(() => {})'],
    ['a loop that waits', 'for (;;) await new Promise((r) => setTimeout(r, 5))'],
    ['a blocked thread', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a loop that prints long lines', 'for (;;) console.log("x".repeat(200_000))'],
    ['a loop that prints short lines', 'for (let i = 0; ; i++) console.log(i)'],
    ['a loop that catches everything', 'for (;;) { try { await new Promise((r) => setTimeout(r, 1)); } catch {} }'],
  ])('ends %s and keeps the variables', async (_name, code) => {
    await client.execute('let kept = 1');
    const execution = await interrupted(client, code);
    expect(execution.reply).toMatchObject({ status: 'error', ename: 'Interrupted' });
    expect(await run('kept > 0')).toBe('true');
  });

  it('ends a prompt, and a late answer is not taken for one to the next question', async () => {
    let answerLate: (value: string) => void;
    const late = new Promise<string>((resolve) => (answerLate = resolve));
    let asked: () => void;
    const question = new Promise<void>((resolve) => (asked = resolve));
    const first = client.execute('prompt("first")', { onInput: () => (asked(), late) });
    await question;
    await client.interrupt();
    expect((await first).reply.ename).toBe('Interrupted');
    const onInput = () => (answerLate('late'), new Promise<string>((resolve) => setTimeout(() => resolve('now'), 50)));
    expect(resultOf(await client.execute('prompt("second")', { onInput }))).toBe("'now'");
  });

  it('stops the library at its next step, with its signal aborted', async () => {
    const code = [
      'let stopped = "no"; kernel.signal.addEventListener("abort", () => { stopped = "signal" });',
      'let unwound = false;',
      'try { const t = new dp.ProgressTask("x", 1e9, kernel.signal); for (;;) { t.report({ step: 1 }); await t.pause(); } }',
      'finally { unwound = true }',
    ].join('\n');
    expect((await interrupted(client, code)).reply.ename).toBe('Interrupted');
    expect(await run('stopped')).toBe("'signal'");
    await until(async () => (await run('unwound')) === 'true', 'the loop has ended');
  });

  it('ends a loop that shows something at each step', async () => {
    await client.execute('let shows = 0');
    const loop = 'for (;;) { shows++; await display(shows, { display_id: "shows", update: true }); await stat("."); }';
    const code = `const { stat } = await import('node:fs/promises'); ${loop}`;
    expect((await interrupted(client, code)).reply.ename).toBe('Interrupted');
    const later = 'const before = shows; await new Promise((r) => setTimeout(r, 50)); shows > 0 && before === shows';
    expect(await run(later)).toBe('true');
  });

  it('ends what an earlier cell left behind when it keeps the next one from starting', async () => {
    const mark = join(folder, 'blocking');
    const block = `() => { writeFileSync(${JSON.stringify(mark)}, ''); while (true) {} }`;
    await client.execute(`import { writeFileSync } from 'node:fs'; setTimeout(${block}, 0); 1`);
    await until(() => existsSync(mark), 'the timer blocks the process');
    const running = client.execute('"reached"');
    // The converter answers in order: with this answer, the cell has been compiled and sent on.
    await client.request('shell', 'is_complete_request', { code: '1' });
    await client.interrupt();
    await running;
    expect(await run('1')).toBe('1');
  });

  it('does nothing when nothing runs', async () => {
    await client.interrupt();
    expect(await run('1')).toBe('1');
  });
});

describe('the end of a process', () => {
  const executorPid = async () => Number(await run('process.pid'));

  it.each([
    ['process.exit(3)', 'process.exit(3) was called'],
    ['process.kill(process.pid, "SIGSEGV"); await new Promise(() => {})', 'signal SIGSEGV: a fault in native code'],
  ])('%s is reported in the cell, and the next cell works', async (code, reason) => {
    await client.execute('let lost = 1');
    const { reply, outputs } = await client.execute(code);
    expect(reply).toMatchObject({ status: 'error', ename: 'ExecutorDied' });
    expect(errorOf(outputs)!.evalue).toContain(reason);
    expect(errorOf(outputs)!.evalue).toContain('All variables are lost; the next cell starts afresh.');
    expect(outputs).toHaveLength(1);
    expect(await run('1 + 1')).toBe('2');
    expect(await run('lost')).toContain("TS2304: Cannot find name 'lost'.");
    expect(await run('let lost = "anew"; lost')).toBe("'anew'");
  });

  it('a process that ends between cells is replaced', async () => {
    const pid = await executorPid();
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid), 'the process has ended');
    const { status } = await client.execute('2');
    // The message of its death may arrive while the cell is on its way: then that cell tells.
    expect(['ok', 'error']).toContain(status);
    expect(await run('2')).toBe('2');
    expect(await executorPid()).not.toBe(pid);
  });

  it('shutdown leaves nothing behind, not even what a cell started', async () => {
    const other = await startKernel({ cwd: folder });
    const code =
      'import { spawn } from "node:child_process"; const sleeper = spawn("sleep", ["600"]); [process.pid, sleeper.pid].join()';
    const pids = resultOf(await other.execute(code))!
      .slice(1, -1)
      .split(',')
      .map(Number);
    expect(pids.every(isAlive)).toBe(true);
    void other.execute('while (true) {}').catch(() => undefined);
    await other.shutdown();
    expect(other.process.exitCode).toBe(0);
    await until(() => !pids.some(isAlive), 'all processes have ended');
  });

  it('a killed kernel takes its cells with it', async () => {
    const other = await startKernel({ cwd: folder });
    const pid = Number(resultOf(await other.execute('process.pid')));
    void other.execute('while (true) {}').catch(() => undefined);
    await other.kill();
    await until(() => !isAlive(pid), 'the process of the cells has ended');
  });

  it('starts again on the same ports, as a restart does', async () => {
    const other = await startKernel({ cwd: folder });
    await other.execute('let before = 1');
    const { connection } = other;
    await other.shutdown();
    const again = await startKernel({ cwd: folder, connection });
    expect(resultOf(await again.execute('typeof before'))).toContain("Cannot find name 'before'");
    await again.shutdown();
  });
});
