import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addBudgetCommands } from '../../../lib/cli/budget-commands.js';
import { epsilon, noiseMultiplier } from '../../../lib/privacy/index.js';

const mechanism = { sampleRate: 0.01, steps: 1000, delta: 1e-5 };
const flags = ['--sample-rate', '0.01', '--steps', '1000', '--delta', '1e-5'];

/** What a command prints on stdout; in this process, and without TensorFlow. */
async function printed(...args: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const program = new Command('dpbench').exitOverride();
  addBudgetCommands(program);
  await program.parseAsync(args, { from: 'user' });
  return write.mock.calls.map(([text]) => String(text)).join('');
}

afterEach(() => vi.restoreAllMocks());

describe('dpbench epsilon', () => {
  it('prints the bracket of the default accountant, as text and as JSON', async () => {
    const expected = epsilon({ ...mechanism, noiseMultiplier: 1 });
    expect(expected.accountant).toBe('pld');
    const json = await printed('epsilon', '--noise-multiplier', '1', ...flags, '--json');
    expect(JSON.parse(json)).toEqual(expected);
    vi.restoreAllMocks();
    const text = await printed('epsilon', '--noise-multiplier', '1', ...flags);
    expect(text).toBe(
      `epsilon ${expected.upper.toFixed(6)} (pld; lower ${expected.lower.toFixed(6)}, estimate ${expected.estimate.toFixed(6)})\n`,
    );
  });

  it('prints a table for several accountants, with the reason of one that refuses', async () => {
    const several = ['epsilon', '--noise-multiplier', '1', ...flags, '--accountant', 'rdp,pld,gdp'];
    const json = JSON.parse(await printed(...several, '--json')) as { accountant: string; refused?: string }[];
    expect(json).toMatchObject([
      epsilon({ ...mechanism, noiseMultiplier: 1, accountant: 'rdp' }),
      epsilon({ ...mechanism, noiseMultiplier: 1, accountant: 'pld' }),
      { accountant: 'gdp', refused: expect.stringContaining("got 'poisson-sampled'") as string },
    ]);
    vi.restoreAllMocks();
    const lines = (await printed(...several)).split('\n');
    expect(lines[0]).toMatch(/^accountant +lower +estimate +upper$/);
    expect(lines[2]).toMatch(/^rdp +0\.000000 +2\.1013\d\d +2\.1013\d\d$/);
    expect(lines[4]).toMatch(/^gdp +- +- +-$/);
    expect(lines[5]).toContain('accountant gdp: a part of the event is of a kind that it cannot account for');
  });
});

describe('dpbench noise', () => {
  it('prints the noise multiplier, of one accountant or of several', async () => {
    const found = noiseMultiplier({ ...mechanism, epsilon: 2 });
    expect(JSON.parse(await printed('noise', '--epsilon', '2', ...flags, '--json'))).toEqual({
      noiseMultiplier: found,
    });
    vi.restoreAllMocks();
    const byRdp = noiseMultiplier({ ...mechanism, epsilon: 2, accountant: 'rdp' });
    const text = await printed('noise', '--epsilon', '2', ...flags, '--accountant', 'pld,rdp');
    expect(text).toContain(`pld                ${found.toFixed(6)}\n`);
    expect(text).toContain(`rdp                ${byRdp.toFixed(6)}\n`);
    expect(found).toBeLessThan(byRdp);
  });

  it('refuses a name that no accountant has', async () => {
    await expect(printed('noise', '--epsilon', '2', ...flags, '--accountant', 'prv')).rejects.toThrow(
      "accountant: no such name; got 'prv', expected pld, rdp, gdp.",
    );
  });
});
