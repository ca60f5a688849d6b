import { beforeAll, describe, expect, it } from 'vitest';
import { onProgress } from '../../../../lib/core/progress.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { dataDeviation, edm } from '../../../../lib/nn/edm-preconditioning.js';
import { sampleDdim } from '../../../../lib/nn/samplers/ddim.js';
import { guided, type Denoiser } from '../../../../lib/nn/samplers/denoiser.js';
import { sampleHeun } from '../../../../lib/nn/samplers/heun.js';
import { noiseGrid, noiseLevelAt } from '../../../../lib/nn/samplers/noise-grid.js';
import { standardNormal } from '../../../../lib/nn/samplers/sampling.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Optimal for data N(0, 1/3). */
const gaussian: Denoiser = (x, sigma) => x.mul(edm.scales(sigma).skip);
/** Optimal for data that is -a or a, each half of the time. */
const twoPoints =
  (a: number): Denoiser =>
  (x, sigma) =>
    x
      .mul(a / sigma ** 2)
      .tanh()
      .mul(a);

async function values(tensor: Tensor): Promise<number[]> {
  const read = [...(await tensor.data())];
  tf.dispose(tensor);
  return read;
}

type Sampler = (denoiser: Denoiser, start: Tensor, options: { steps: number; signal?: AbortSignal }) => Promise<Tensor>;
const samplers: Record<string, Sampler> = { sampleDdim, sampleHeun };

/** A sampler from x = 80 with a deterministic denoiser of one number. */
async function from80(sampler: Sampler, denoiser: Denoiser, steps: number): Promise<number> {
  const start = tf.ones([1, 1]);
  const [got] = await values(await sampler(denoiser, start, { steps }));
  start.dispose();
  return got!;
}

const variance = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;

describe('noiseLevelAt', () => {
  it('is on the grid: at a quarter, the half, three quarters of the walk, and its ends', () => {
    const five = noiseGrid({ steps: 5 });
    [1, 0.75, 0.5, 0.25, 0].forEach((part, i) => expect(noiseLevelAt(part) / five[i]!).toBeCloseTo(1, 9));
    expect(noiseLevelAt(0.5)).toBeCloseTo(2.515, 3);
  });
});

describe('noiseGrid', () => {
  it('has the levels of the specification', () => {
    const close = (got: number, expected: number) => expect(Math.abs(got / expected - 1)).toBeLessThan(5e-7);
    const five = noiseGrid({ steps: 5 });
    [80, 17.527832, 2.515219, 0.1697528, 0.002].forEach((sigma, i) => close(five[i]!, sigma));
    const eighteen = noiseGrid({ steps: 18 });
    close(eighteen[1]!, 57.58598);
    close(eighteen[2]!, 40.78557);
    const fifty = noiseGrid({ steps: 50 });
    close(fifty[1]!, 71.501038);
    close(fifty[48]!, 0.003260759);
    expect([...noiseGrid({ steps: 1 })].map((sigma) => sigma.toFixed(9))).toEqual(['80.000000000']);
  });

  it('refuses what is no grid', () => {
    expect(() => noiseGrid({ steps: 0 })).toThrow(
      'noiseGrid: steps is out of range; got 0, expected a whole number of at least 1.',
    );
    expect(() => noiseGrid({ steps: 2, rho: 0 })).toThrow(
      'noiseGrid: rho is out of range; got 0, expected a number above 0.',
    );
    expect(() => noiseGrid({ steps: 2, sigmaMin: 90 })).toThrow(
      'noiseGrid: sigmaMin must be below sigmaMax; got 90, expected a number below 80.',
    );
  });
});

describe('samplers against closed forms', () => {
  it('return the one point of one-point data from any start, with any number of steps', async () => {
    for (const sampler of Object.values(samplers))
      for (const steps of [1, 2, 5, 40]) {
        const start = standardNormal([3, 2, 2, 1], new SeededStream(steps));
        const images = await sampler((x) => tf.fill(x.shape, 0.625), start, { steps });
        expect(images.shape).toEqual([3, 2, 2, 1]);
        for (const value of await values(images)) expect(Math.abs(value - 0.625)).toBeLessThan(1e-6);
        start.dispose();
      }
  });

  it('follow the flow of Gaussian data as the specification has it', async () => {
    // From x = 80; the exact flow ends at 80 √(1/3) / √(80² + 1/3).
    const exact = (80 * dataDeviation) / Math.hypot(80, dataDeviation);
    expect(exact).toBeCloseTo(0.57733523, 8);
    const table = { sampleDdim: [0.42439, 0.490136, 0.545445], sampleHeun: [0.699241, 0.607883, 0.580724] };
    for (const [name, expected] of Object.entries(table))
      for (const [i, steps] of [10, 18, 50].entries()) {
        const got = await from80(samplers[name]!, gaussian, steps);
        expect(Math.abs(got - expected[i]!), `${name} ${steps}`).toBeLessThan(2e-6); // six digits in float32
      }
    // First and second order: twice the steps leave a half, a quarter of the error.
    const error = async (sampler: Sampler, steps: number) => Math.abs((await from80(sampler, gaussian, steps)) - exact);
    expect((await error(sampleDdim, 100)) / (await error(sampleDdim, 200))).toBeCloseTo(2, 0);
    expect((await error(sampleHeun, 50)) / (await error(sampleHeun, 100))).toBeCloseTo(4, 0);
  });

  it('end at the two points of two-point data, each on the side where it started', async () => {
    const start = standardNormal([500], new SeededStream(8));
    const signs = [...(await start.data())].map(Math.sign);
    for (const sampler of Object.values(samplers)) {
      const got = await values(await sampler(twoPoints(0.8), start, { steps: 40 }));
      got.forEach((value, i) => expect(Math.abs(value - 0.8 * signs[i]!)).toBeLessThan(1e-5));
    }
    start.dispose();
  });

  it('call the denoiser n times (DDIM) and 2 n - 1 times (Heun), on the levels of the grid', async () => {
    const seen: number[] = [];
    const watched: Denoiser = (x, sigma) => (seen.push(sigma), gaussian(x, sigma));
    await from80(sampleDdim, watched, 5);
    expect(seen.splice(0)).toEqual([...noiseGrid({ steps: 5 })]);
    await from80(sampleHeun, watched, 5);
    const [a, b, c, d, e] = [...noiseGrid({ steps: 5 })];
    expect(seen).toEqual([a, b, b, c, c, d, d, e, e]);
  });
});

describe('noise while sampling', () => {
  const rows = 40_000;
  const tolerance = 5 * Math.sqrt(2 / rows); // five deviations of a variance of so many normals

  it('churn gives Gaussian data the variance of its recursion, and only within its levels', async () => {
    const steps = 12;
    const [from, to, amount] = [0.1, 50, 6];
    // Everything is linear: x -> g x + h n at each step, written out in doubles.
    const levels = noiseGrid({ steps });
    let expected = 80 ** 2;
    levels.forEach((now, i) => {
      const raised = now * (1 + (now >= from && now <= to ? amount / steps : 0));
      expected += raised ** 2 - now ** 2;
      const skip = edm.scales(raised).skip;
      if (i === steps - 1) return void (expected *= skip ** 2);
      const next = levels[i + 1]!;
      const slope = (1 - skip) / raised;
      const there = ((1 + (next - raised) * slope) * (1 - edm.scales(next).skip)) / next;
      expected *= (1 + ((next - raised) * (slope + there)) / 2) ** 2;
    });
    const start = standardNormal([rows], new SeededStream(9));
    const sample = async (seed: number) => {
      const churn = { amount, sigmaFrom: from, sigmaTo: to, stream: new SeededStream(seed) };
      return values(await sampleHeun(gaussian, start, { steps, churn }));
    };
    const got = await sample(1);
    expect(Math.abs(variance(got) / expected - 1)).toBeLessThan(tolerance);
    expect(await sample(1)).toEqual(got);
    expect(await sample(2)).not.toEqual(got);
    // Outside its levels nothing is added: the same as without churn, to the bit.
    const plain = await values(await sampleHeun(gaussian, start, { steps }));
    for (const outside of [{ sigmaFrom: 81 }, { sigmaTo: 0.001 }]) {
      const churn = { amount, ...outside, stream: new SeededStream(1) };
      expect(await values(await sampleHeun(gaussian, start, { steps, churn }))).toEqual(plain);
    }
    start.dispose();
  });

  it('the stochastic DDIM gives Gaussian data the variance of its recursion', async () => {
    const levels = noiseGrid({ steps: 30 });
    let expected = 80 ** 2;
    for (const [i, now] of levels.entries()) {
      const { skip } = edm.scales(now);
      if (i === 29) expected *= skip ** 2;
      else
        expected =
          (1 + (2 * (levels[i + 1]! - now) * (1 - skip)) / now) ** 2 * expected + 2 * (now - levels[i + 1]!) * now;
    }
    const start = standardNormal([rows], new SeededStream(10));
    const sample = async (seed: number) =>
      values(await sampleDdim(gaussian, start, { steps: 30, noiseStream: new SeededStream(seed) }));
    const got = await sample(3);
    expect(Math.abs(variance(got) / expected - 1)).toBeLessThan(tolerance);
    expect(await sample(3)).toEqual(got);
    expect(await sample(4)).not.toEqual(got);
    start.dispose();
  });

  it('refuses bad churn', async () => {
    const start = tf.ones([1]);
    const stream = new SeededStream(1);
    await expect(sampleHeun(gaussian, start, { steps: 2, churn: { amount: -1, stream } })).rejects.toThrow(
      'sampleHeun: amount is out of range; got -1, expected a number of at least 0.',
    );
    const churn = { amount: 1, sigmaFrom: 2, sigmaTo: 1, stream };
    await expect(sampleHeun(gaussian, start, { steps: 2, churn })).rejects.toThrow(
      'sampleHeun: churn ends below its start; got 1, expected sigmaTo of at least sigmaFrom, 2.',
    );
    start.dispose();
  });
});

describe('guided', () => {
  /** The label in all places. */
  const echo: Denoiser = (x, _sigma, labels) =>
    tf.tidy(() => tf.zerosLike(x).add(labels!.cast('float32').reshape([-1, 1])));

  it('is (1 + w) D(x, y) - w D(x, none), and D itself at weight 0', async () => {
    const [noisy, labels] = [tf.zeros([3, 2]), tf.tensor1d([1, 2, 3], 'int32')];
    const before = tf.memory().numTensors;
    const got = await values(guided(echo, { weight: 0.5, nullLabel: 10 })(noisy, 1, labels));
    expect(got).toEqual([1.5 - 5, 1.5 - 5, 3 - 5, 3 - 5, 4.5 - 5, 4.5 - 5]);
    expect(tf.memory().numTensors).toBe(before);
    expect(guided(echo, { weight: 0, nullLabel: 10 })).toBe(echo);
    tf.dispose([noisy, labels]);
  });

  it('hands the labels through a sampler', async () => {
    const [start, labels] = [tf.ones([2, 1]), tf.tensor1d([4, 7], 'int32')];
    const denoiser = guided(echo, { weight: 1, nullLabel: 9 });
    for (const sampler of [sampleDdim, sampleHeun])
      for (const [i, value] of (await values(await sampler(denoiser, start, { steps: 4, labels }))).entries())
        expect(Math.abs(value - [2 * 4 - 9, 2 * 7 - 9][i]!)).toBeLessThan(1e-5);
    tf.dispose([start, labels]);
  });

  it('refuses a negative weight', () => {
    expect(() => guided(echo, { weight: -1, nullLabel: 1 })).toThrow(
      'guided: weight is out of range; got -1, expected a number of at least 0.',
    );
  });
});

describe('a sampler at work', () => {
  it('leaves no tensor behind but its result, reports each step, and keeps the start', async () => {
    for (const sampler of Object.values(samplers)) {
      const start = tf.ones([4, 4]);
      const before = tf.memory().numTensors;
      const steps: number[] = [];
      const stop = onProgress(({ step, done }) => void (done || steps.push(step)));
      const images = await sampler(twoPoints(1), start, { steps: 6 });
      stop();
      expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(tf.memory().numTensors).toBe(before + 1);
      expect([...(await start.data())]).toEqual(Array(16).fill(1));
      tf.dispose([images, start]);
    }
  });

  it('stops at an abort and leaves nothing behind, also when the denoiser throws', async () => {
    for (const sampler of Object.values(samplers)) {
      const start = tf.ones([4]);
      const before = tf.memory().numTensors;
      const control = new AbortController();
      let calls = 0;
      const stopping: Denoiser = (x, sigma) => {
        if (++calls === 3) control.abort(new Error('enough'));
        return gaussian(x, sigma);
      };
      await expect(sampler(stopping, start, { steps: 50, signal: control.signal })).rejects.toThrow('enough');
      expect(calls).toBeLessThan(6);
      const broken: Denoiser = () => {
        throw new Error('broken network');
      };
      await expect(sampler(broken, start, { steps: 3 })).rejects.toThrow('broken network');
      expect(tf.memory().numTensors).toBe(before);
      start.dispose();
    }
  });

  it('repeats its start by the seed', async () => {
    const draw = (seed: number) => values(standardNormal([2, 3], new SeededStream(seed)));
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });
});
