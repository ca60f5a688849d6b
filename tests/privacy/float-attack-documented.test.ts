import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream } from '../../lib/core/rng.js';
import { addLatticeGaussian } from '../../lib/mechanisms/lattice-gaussian.js';
import { gaussian } from '../../lib/mechanisms/index.js';
import { Ledger } from '../../lib/privacy/index.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { brightness, mechanismsOn, twelve } from './toy.js';

beforeAll(() => setupEngine());

const draws = 2000;

/**
 * The check: can outputs on two neighbouring values be told apart by the numbers that are possible at all? A value of 0
 * lets every double through, also those below the spacing of the doubles around 1; a value of 1 does not.
 */
function sameSupport(mechanism: (value: number) => Float64Array): boolean {
  const possibleAfterOne = (output: number) => output - 1 + 1 === output && 1 + (output - 1) === output;
  const share = (value: number) => mechanism(value).filter(possibleAfterOne).length / draws;
  return share(0) === share(1);
}

describe('pitfall 11: floating-point attacks', () => {
  it('holds: what can come out does not depend on the value', () => {
    const noise = new SecureStream(1);
    const wanted = { l2Sensitivity: 1, noiseMultiplier: 1 };
    expect(sameSupport((value) => addLatticeGaussian(new Float64Array(draws).fill(value), wanted, noise))).toBe(true);
  });

  it('fails for the mutation that adds a double to a double', () => {
    const noise = new SecureStream(1);
    const mutation = (value: number) => Float64Array.from({ length: draws }, () => value + noise.normal());
    expect(sameSupport(mutation)).toBe(false);
  });

  it('is stated by each release in the ledger, and by the docstrings', async () => {
    const { mechanisms, ledger } = mechanismsOn(twelve, [gaussian({ of: 'mean', l2Sensitivity: 1 / 12 })]);
    await mechanisms.labelMeans('mean', brightness);
    expect(Ledger.fromJSON(JSON.stringify(ledger)).entries.map(({ arithmetic }) => arithmetic)).toEqual(['exact']);
    for (const file of ['lib/core/rng.ts', 'lib/mechanisms/lattice-gaussian.ts'])
      expect(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).toMatch(
        /Mironov 2012[^]*Haney et al. 2022/,
      );
  });
});
