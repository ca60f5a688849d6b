import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream, SeededStream } from '../../lib/core/rng.js';
import { gaussian, Mechanisms } from '../../lib/mechanisms/index.js';
import { Ledger } from '../../lib/privacy/index.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { brightness, sealed, twelve } from './toy.js';

beforeAll(() => setupEngine());

const plan = [gaussian({ of: 'mean', l2Sensitivity: 1 / 12 })];
const release = async (noise: SecureStream): Promise<ArrayLike<number>> => {
  const ledger = new Ledger({ delta: 1e-5 });
  const mechanisms = new Mechanisms({ sensitive: sealed(twelve), plan, noiseMultiplier: 1, ledger, noise });
  return (await mechanisms.labelMeans('mean', brightness)).value;
};

/** The check: what one seed gives twice must differ, else whoever knows the seed subtracts the noise. */
const unpredictable = async (run: (seed: number) => Promise<ArrayLike<number>>) =>
  Array.from(await run(7)).join() !== Array.from(await run(7)).join();

describe('pitfall 10: noise is not seeded', () => {
  it('holds: noise comes from the operating system, whatever the seed of the run', async () => {
    expect(await unpredictable(() => release(new SecureStream()))).toBe(true);
  });

  it('is repeatable for tests only, and then says so', async () => {
    expect(await unpredictable(() => release(new SecureStream(7)))).toBe(false);
    expect([new SecureStream(7).insecure, new SecureStream().insecure]).toEqual([true, false]);
  });

  it('fails for the mutation that draws noise from the seed of the run, and the mechanism refuses it', async () => {
    const mutation = async (seed: number) => {
      const stream = new SeededStream(seed);
      return [0.5 + stream.normal() / 12];
    };
    expect(await unpredictable(mutation)).toBe(false);
    await expect(release(new SeededStream(7) as never)).rejects.toThrow(
      'mechanisms: the noise does not come from a secure stream, so it could be subtracted; expected a SecureStream.',
    );
  });
});
