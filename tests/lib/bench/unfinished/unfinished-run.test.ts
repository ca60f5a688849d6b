import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resume } from '../../../../lib/bench/resume.js';
import { run } from '../../../../lib/bench/run.js';
import { sweep } from '../../../../lib/bench/sweep.js';
import { BudgetError, DataError, OptionError } from '../../../../lib/core/errors.js';
import { onProgress, ProgressTask } from '../../../../lib/core/progress.js';
import { Ledger } from '../../../../lib/privacy/index.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { request, resetToy, toy } from './toy.js';

beforeAll(() => setupEngine());

let parent: string;
let out: string;
let folder: string;
beforeEach(() => {
  resetToy();
  parent = mkdtempSync(join(tmpdir(), 'dpbench-unfinished-'));
  out = join(parent, 'mine');
  folder = `${out}.unfinished`;
});

const crash = async (): Promise<never> => {
  throw new Error('the process died');
};

/** Runs until just after its release; the released value. */
async function stopped(options: object = {}): Promise<Float32Array> {
  toy.afterRelease = crash;
  await expect(run({ ...request, out, ...options })).rejects.toThrow(
    `the process died. What the run spent and saved is kept in ${folder}.`,
  );
  toy.afterRelease = async () => {};
  return toy.released;
}

const file = (name: string) => join(folder, name);
const contents = () => Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(file(name), 'utf8')]));

describe('a run that was stopped', () => {
  it('goes on by the same request, with what it released and spent, and tidies up', async () => {
    const released = await stopped();
    expect(readdirSync(folder).sort()).toEqual(['ledger.json', 'release-0.json', 'request.json']);
    toy.whileReading = () => expect.unreachable('the rows were read again');
    toy.afterRelease = async () => new ProgressTask('after the release', 1).done();
    const tasks = new Set<string>();
    const stop = onProgress(({ task, done }) => !done && tasks.add(task));
    const done = await run({ ...request, out });
    stop();
    expect([...tasks]).toEqual(['toy-mean on toy-set, epsilon 2: going on where it was stopped: after the release']);
    expect(toy.released).toEqual(released);
    expect(done.ledger.entries).toHaveLength(1);
    expect(done.config).toMatchObject({ processes: 2, private: true });
    expect(readdirSync(parent)).toEqual(['mine']);
    const stored = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { ledger: unknown };
    expect(Ledger.fromJSON(stored.ledger).entries).toHaveLength(1);
  });

  it('goes on by dp.resume, whatever settings it had', async () => {
    const released = await stopped({ seed: 3, samples: 2, delta: 1e-3, epsilon: 1 });
    const done = await resume(out); // the name without its ending will do
    expect(done.config).toMatchObject({ seed: 3, delta: 1e-3, epsilon: 1, processes: 2 });
    expect([done.images.count, toy.released, done.folder]).toEqual([2, released, out]);
    await expect(resume(folder)).rejects.toThrow(
      `dp.resume('${folder}'): there is no unfinished run; expected a folder that ends in .unfinished.`,
    );
    await expect(resume(folder, { sed: 1 } as object)).rejects.toThrow("dp.resume: unknown option; got 'sed'");
  });

  it('without a folder of its own lies where its result would', async () => {
    process.env['DPBENCH_RESULTS'] = parent;
    toy.afterRelease = crash;
    await expect(run(request)).rejects.toThrow('the process died');
    toy.afterRelease = async () => {};
    const [name] = readdirSync(parent);
    const done = await resume(join(parent, name!));
    expect(`${done.folder}.unfinished`).toBe(join(parent, name!));
    delete process.env['DPBENCH_RESULTS'];
  });

  it('is not taken for another, which is told the difference and changes nothing', async () => {
    await stopped();
    const before = contents();
    const other = run({ ...request, out, epsilon: 3 });
    await expect(other).rejects.toThrow(OptionError);
    await expect(other).rejects.toThrow(
      `dp.run: ${folder} holds an unfinished run with other settings; got {"epsilon":2}, expected {"epsilon":3}. Choose`,
    );
    expect(contents()).toEqual(before);
  });

  it('refuses other rows, another N, another plan and other noise', async () => {
    await stopped();
    const before = contents();
    const refused = async (words: string) => {
      await expect(run({ ...request, out })).rejects.toThrow(BudgetError);
      await expect(resume(folder)).rejects.toThrow(
        `the run began with other data or another plan, and cannot go on with these; got ${words}`,
      );
      resetToy();
      expect(contents()).toEqual(before);
    };
    toy.brightness = 101;
    await refused('{"checksum":');
    toy.records = 41;
    await refused('{"size":40}, expected {"size":41}');
    toy.sensitivity = 2;
    await refused('{"plan":[{"of":"mean","mechanism":"gaussian","sensitivity":0.025');
    writeFileSync(file('request.json'), before['request.json']!.replace(/("noiseMultiplier": )\d/, '$19'));
    before['request.json'] = readFileSync(file('request.json'), 'utf8');
    await refused('{"noiseMultiplier":9.');
  });

  it('loses nothing when a file is damaged, and says which', async () => {
    await stopped();
    const whole = contents();
    const damaged = async (
      name: string,
      text: string | undefined,
      kind: new (...args: never[]) => Error,
      words: string,
    ) => {
      if (text === undefined) rmSync(file(name));
      else writeFileSync(file(name), text);
      const before = contents();
      await expect(resume(folder)).rejects.toThrow(kind);
      await expect(run({ ...request, out })).rejects.toThrow(words);
      expect(contents()).toEqual({ ...before, 'request.json': contents()['request.json'] });
      for (const [each, content] of Object.entries(whole)) writeFileSync(file(each), content);
    };
    await damaged('ledger.json', whole['ledger.json']!.slice(0, -30), DataError, 'what was spent cannot be read');
    await damaged('ledger.json', whole['ledger.json']!.replace('"of": "mean"', '"of": "men"'), BudgetError, 'digest');
    const foreign = JSON.stringify(new Ledger({ delta: 1e-9, epsilonTarget: 2 }));
    rmSync(file('release-0.json'));
    await damaged(
      'ledger.json',
      foreign,
      BudgetError,
      'the ledger is of another run; got {"delta":1e-9}, expected {"delta"',
    );
    await damaged('ledger.json', undefined, BudgetError, 'the ledger lacks release 1, which was made');
    await damaged('release-0.json', '{"type":', DataError, 'the release cannot be read');
    await damaged('release-0.json', undefined, BudgetError, 'before it was kept');
    await damaged('request.json', '{}', DataError, 'what was asked for cannot be read');
    expect((await resume(folder)).ledger.entries).toHaveLength(1);
  });

  it('cannot have a release again that was paid for and lost', async () => {
    toy.whileReading = () => {
      throw new Error('the process died');
    };
    await expect(run({ ...request, out })).rejects.toThrow('the process died');
    toy.whileReading = () => expect.unreachable('the rows were read again');
    await expect(run({ ...request, out })).rejects.toThrow(
      'the run was stopped after it had paid for this release and before it was kept',
    );
    expect((JSON.parse(contents()['ledger.json']!) as Ledger).entries).toHaveLength(1);
  });

  it('begins anew when it had spent and saved nothing', async () => {
    toy.beforeRelease = crash;
    await expect(run({ ...request, out })).rejects.toThrow(/^the process died$/);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('keeps what it saved before it spent anything', async () => {
    const seen: unknown[] = [];
    toy.beforeRelease = async ({ checkpoint }) => {
      const saved = await checkpoint.load();
      seen.push(saved?.values);
      if (saved) return tf.dispose(saved.tensors);
      const weight = tf.scalar(5);
      await checkpoint.save(() => ({ tensors: { weight }, values: { step: 9 } }), { now: true });
      weight.dispose();
      await crash();
    };
    await expect(run({ ...request, out })).rejects.toThrow('is kept in');
    expect(existsSync(file('ledger.json'))).toBe(false);
    await run({ ...request, out });
    expect(seen).toEqual([undefined, { step: 9 }]);
  });

  it('is worked on by one process at a time', async () => {
    let refused: unknown;
    toy.afterRelease = async () => {
      toy.afterRelease = async () => {};
      refused = await resume(folder).catch((error: unknown) => error);
    };
    await run({ ...request, out });
    expect((refused as Error).message).toBe(
      `${folder}: another process works on this run; got 'process ${process.pid}'. Wait for it, or end it.`,
    );
  });

  it('is charged once to a ledger that runs share: to the same one, and to a new one with its past', async () => {
    const ledger = new Ledger({ delta: 1e-3 });
    await stopped({ ledger, delta: 1e-3 });
    expect(ledger.entries).toHaveLength(1);
    await resume(folder, { ledger });
    expect(ledger.entries).toHaveLength(1);

    out = join(parent, 'second');
    folder = `${out}.unfinished`;
    await stopped({ ledger, delta: 1e-3 });
    const later = new Ledger({ delta: 1e-3 });
    const done = await resume(folder, { ledger: later });
    expect(later.entries).toEqual(done.ledger.entries);
    // The same settings as the first run, and yet another run: both are in the ledger.
    expect(new Set(ledger.entries.map((entry) => entry.run)).size).toBe(2);
  });

  it('is gone on with by its sweep', async () => {
    const { method, dataset, epsilon, ...rest } = request;
    const cells = { ...rest, methods: [method], datasets: [dataset], epsilons: [epsilon], out };
    toy.afterRelease = crash;
    await expect(sweep(cells)).rejects.toThrow('the process died');
    const { released } = toy;
    resetToy();
    const done = await sweep(cells);
    expect(toy.released).toEqual(released);
    expect((done.runs[0] as unknown as { config: object }).config).toMatchObject({ processes: 2 });
  });
});
