import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { Ledger } from '../../../../lib/privacy/index.js';
import { setupEngine } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Runs the built library (npm run build). */
const program = join(dirname(fileURLToPath(import.meta.url)), 'killed-run.mjs');
const steps = 150;

/** A run of `killed-run.mjs`, process after process. */
class KilledRun {
  readonly parent = mkdtempSync(join(tmpdir(), 'dpbench-killed-'));
  readonly out = join(this.parent, 'run');
  readonly folder = `${this.out}.unfinished`;
  readonly #log = join(this.parent, 'log');

  lines(word = ''): string[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
    return lines.filter((line) => line.startsWith(word));
  }

  /** Starts a process and kills it a little after so many new lines of the log; the exit code of one that ended before. */
  async go(lines = Infinity, milliseconds = 0): Promise<number | null> {
    const before = this.lines().length;
    const child = spawn(process.execPath, [program, this.out, this.#log], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    if (lines !== Infinity) {
      while (this.lines().length < before + lines && child.exitCode === null) await sleep(1);
      await sleep(milliseconds);
      child.kill('SIGKILL');
    }
    return (await ended)[0];
  }

  ledger(): Ledger {
    return Ledger.fromJSON(readFileSync(join(this.folder, 'ledger.json'), 'utf8'));
  }
}

describe('a run killed by SIGKILL at random moments', () => {
  it('resumes each time, draws no batch twice, and ends with a ledger that says all that was spent', async () => {
    const killed = new KilledRun();
    const moments = new SeededStream('moments of death');
    for (let kill = 0; kill < 6; kill++) {
      const code = await killed.go(1 + moments.integer(35), moments.integer(8));
      if (code === 0) break; // it was done before
      expect(code).toBe(null);
      // On disk is at least what was done: both releases once a batch was drawn, and every batch.
      const drawn = killed.lines('drawn').length;
      const begun = statSync(join(killed.folder, 'begun-1'), { throwIfNoEntry: false })?.size ?? 0;
      expect(begun).toBeGreaterThanOrEqual(drawn);
      expect(begun).toBeLessThanOrEqual(steps);
      expect(killed.ledger().entries.length).toBeGreaterThanOrEqual(drawn > 0 ? 2 : 1);
    }
    if (!existsSync(killed.out)) expect(await killed.go()).toBe(0);

    const drawn = killed.lines('drawn').map((line) => Number(line.split(' ')[1]));
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(Math.max(...drawn)).toBe(steps);
    expect(new Set(killed.lines('released')).size).toBe(1); // the same noisy value in every process
    expect(killed.lines('loaded').length).toBeGreaterThan(2);

    const stored = JSON.parse(readFileSync(join(killed.out, 'run.json'), 'utf8')) as {
      ledger: unknown;
      processes: number;
      noiseMultiplier: number;
    };
    const ledger = Ledger.fromJSON(stored.ledger);
    expect(ledger.entries.map(({ event }) => event)).toEqual([
      { kind: 'gaussian', noiseMultiplier: stored.noiseMultiplier },
      {
        kind: 'self-composed',
        count: steps,
        event: {
          kind: 'poisson-sampled',
          sampleRate: 0.5,
          event: { kind: 'gaussian', noiseMultiplier: stored.noiseMultiplier },
        },
      },
    ]);
    expect(ledger.spent().upper).toBeLessThanOrEqual(5);
    expect(stored.processes).toBe(killed.lines('released').length);
    expect(readdirSync(killed.parent).sort()).toEqual(['log', 'run']);
  });

  it('begins anew when it is killed before it has spent anything', async () => {
    const killed = new KilledRun();
    const child = spawn(process.execPath, [program, killed.out, join(killed.parent, 'log')], { stdio: 'ignore' });
    await sleep(300); // modules are being read
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(killed.lines()).toEqual([]);
    expect(await killed.go()).toBe(0);
    expect(killed.lines('drawn')).toHaveLength(steps);
  });
});
