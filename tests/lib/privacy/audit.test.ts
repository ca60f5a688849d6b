import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { displaySymbol } from '../../../lib/core/mime.js';
import { SecureStream, type RandomStream } from '../../../lib/core/rng.js';
import {
  clopperPearsonBound,
  gaussianBound,
  normalQuantile,
  oneRunBound,
  oneRunPValue,
} from '../../../lib/privacy/audit-bounds.js';
import { binomialAtLeast, binomialMass, clopperPearson } from '../../../lib/privacy/binomial.js';
import { gaussianEpsilon } from '../../../lib/privacy/gaussian.js';
import { audit } from '../../../lib/privacy/index.js';

/** Made by tests/golden/audit.py with scipy. */
const golden = JSON.parse(readFileSync(new URL('../../golden/audit.json', import.meta.url), 'utf8')) as {
  intervals: [k: number, n: number, alpha: number, low: number, high: number][];
  tails: [k: number, n: number, p: number, atLeast: number, mass: number][];
  oneRun: [m: number, r: number, v: number, epsilon: number, delta: number, p: number][];
  quantiles: [p: number, x: number][];
};
/** Sums of a few thousand masses, each from logarithms of size 1e4: eleven digits are left. */
const relative = 1e-10;
const agrees = (value: number, expected: number, absolute = 1e-14) =>
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + absolute);
/** To which scipy's own root search brings an interval. */
const intervalTolerance = 1e-11;

describe('bounds', () => {
  it('have the binomial tails of scipy', () => {
    for (const [k, n, p, atLeast, mass] of golden.tails) {
      agrees(binomialAtLeast(k, n, p), atLeast);
      agrees(binomialMass(k, n, p), mass);
    }
  });

  it('have the Clopper-Pearson intervals of scipy', () => {
    for (const [k, n, alpha, low, high] of golden.intervals) {
      const { lower, upper } = clopperPearson(k, n, alpha);
      agrees(lower, low, intervalTolerance);
      agrees(upper, high, intervalTolerance);
    }
  });

  it('have the p-values of the one-run theorem by scipy, and the quantiles of the normal', () => {
    for (const [canaries, guesses, correct, epsilon, delta, p] of golden.oneRun)
      agrees(oneRunPValue({ canaries, guesses, correct, delta }, epsilon), p);
    for (const [p, x] of golden.quantiles) agrees(normalQuantile(p), x);
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });

  it('of one run are where the p-value is the risk, and 0 for guesses as good as chance', () => {
    const guesses = { canaries: 1000, guesses: 1000, correct: 700, delta: 1e-5 };
    const bound = oneRunBound(guesses, 0.95);
    agrees(oneRunPValue(guesses, bound), 0.05);
    expect(oneRunBound({ ...guesses, correct: 510 }, 0.95)).toBe(0);
    // All right, no delta: accuracy^1000 = 0.05 by hand.
    const all = oneRunBound({ canaries: 1000, guesses: 1000, correct: 1000, delta: 0 }, 0.95);
    const accuracy = 0.05 ** (1 / 1000);
    expect(all).toBeCloseTo(Math.log(accuracy / (1 - accuracy)), 9);
  });

  it('of many runs are those of the error rates, by hand', () => {
    const counts = { truePositives: 500, runsWith: 500, falsePositives: 0, runsWithout: 500, delta: 1e-5 };
    const edge = 0.025 ** (1 / 500); // Clopper-Pearson of 500 in 500
    expect(clopperPearsonBound(counts, 0.95)).toBeCloseTo(Math.log((edge - 1e-5) / (1 - edge)), 9);
    const shift = -2 * normalQuantile(1 - edge);
    expect(gaussianBound(counts, 0.95)).toBeCloseTo(gaussianEpsilon(shift, 1e-5).estimate, 6);
    const chance = { truePositives: 50, runsWith: 100, falsePositives: 50, runsWithout: 100, delta: 1e-5 };
    expect([clopperPearsonBound(chance, 0.95), gaussianBound(chance, 0.95)]).toEqual([0, 0]);
    const useless = { truePositives: 0, runsWith: 0, falsePositives: 0, runsWithout: 0, delta: 1e-5 };
    expect([clopperPearsonBound(useless, 0.95), gaussianBound(useless, 0.95)]).toEqual([0, 0]);
  });
});

/** A sum of orthogonal canaries of norm 1 with Gaussian noise: each score is its own entry of the sum. */
const noisySum = (noiseMultiplier: number, noise: RandomStream) => (included: readonly boolean[]) =>
  included.map((isIn) => Number(isIn) + noiseMultiplier * noise.normal());

describe('audit', () => {
  const delta = 1e-5;
  const noiseMultiplier = 2;
  const claimed = 1.993091; // spec: exact Gaussian, noise multiplier 2, delta 1e-5
  const repetitions = 100;
  const kinds = [
    ['one run with 1000 canaries', { canaries: 1000 }],
    ['1000 runs, Clopper-Pearson', { runs: 1000 }],
    ['1000 runs, Gaussian', { runs: 1000, bound: 'gaussian' }],
  ] as const;

  it.each(kinds)('by %s refutes a noise that is 8 times too small', async (_name, options) => {
    const broken = noisySum(noiseMultiplier / 8, new SecureStream(1));
    const result = await audit(broken, { ...options, delta, claimed, seed: 1 });
    expect(result.epsilonLower).toBeGreaterThan(claimed);
    expect(result.refuted).toBe(true);
    // Multiplier 0.25 really costs 23.9: no attack may find more.
    expect(result.epsilonLower).toBeLessThan(gaussianEpsilon(4, delta).upper);
  });

  it.each(kinds)(
    'by %s never refutes the right one in 100 repetitions, and does find something',
    async (_name, options) => {
      const bounds: number[] = [];
      for (let i = 0; i < repetitions; i++) {
        const right = noisySum(noiseMultiplier, new SecureStream(100 + i));
        bounds.push((await audit(right, { ...options, delta, claimed, seed: 100 + i })).epsilonLower);
      }
      expect(Math.max(...bounds)).toBeLessThan(claimed);
      expect(Math.max(...bounds)).toBeGreaterThan(0.2);
    },
  );

  it('says what it counted, and draws itself', async () => {
    const result = await audit(noisySum(0.01, new SecureStream(3)), {
      delta,
      claimed: 1,
      canaries: 8,
      guesses: 4,
      seed: 2,
    });
    expect(result).toMatchObject({ method: 'one run', counts: { canaries: 8, guesses: 4 }, confidence: 0.95, delta });
    const silent = await audit(() => [0], { delta, runs: 100, seed: 1 });
    expect(silent).toMatchObject({ epsilonLower: 0, refuted: false, method: 'many runs, Clopper-Pearson' });
    const sure = await audit(noisySum(0.01, new SecureStream(3)), { delta, claimed: 1, canaries: 100, seed: 2 });
    expect(String(sure[displaySymbol]()['text/plain'])).toMatch(
      /^Audit \(one run\): epsilon is at least [\d.]+ at delta 0\.00001, confidence 0\.95 \(canaries 100, guesses 50, correct 50\)\. The claimed epsilon 1 is REFUTED\.$/,
    );
    expect(sure[displaySymbol]()['text/html']).toContain('<div>Audit (one run)');
  });

  it('refuses options and scores that mean nothing', async () => {
    const right = noisySum(1, new SecureStream(1));
    const bad: [object, string][] = [
      [{ delta: 0 }, 'dp.audit: delta is out of range; got 0'],
      [{ delta, confidence: 1 }, 'dp.audit: confidence is out of range; got 1'],
      [{ delta, canaries: 0 }, 'dp.audit: canaries is out of range; got 0'],
      [{ delta, runs: 1.5 }, 'dp.audit: runs is out of range; got 1.5'],
      [{ delta, claimed: -1 }, 'dp.audit: claimed is out of range; got -1'],
      [{ delta, bound: 'gauss' }, "dp.audit: bound has no such value; got 'gauss'"],
      [{ delta, canary: 5 }, "Did you mean 'canaries'?"],
      [
        { delta, canaries: 10, guesses: 12 },
        'dp.audit: guesses is out of range; got 12, expected an even number from 2',
      ],
      [{ delta, canaries: 10, guesses: 3 }, 'guesses is out of range; got 3'],
    ];
    for (const [options, words] of bad) await expect(audit(right, options as never)).rejects.toThrow(words);
    await expect(audit(() => [1, 2], { delta })).rejects.toThrow(
      'dp.audit: the mechanism must give a finite score for each canary; got [1,2], expected 1 finite numbers.',
    );
    await expect(audit(() => [NaN, 1], { delta, canaries: 2, guesses: 2 })).rejects.toThrow(
      'expected 2 finite numbers',
    );
  });

  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    let runs = 0;
    const stopping = () => (++runs === 10 && controller.abort(new Error('stopped')), [0]);
    await expect(audit(stopping, { delta, signal: controller.signal })).rejects.toThrow('stopped');
    expect(runs).toBe(10);
  });
});
