import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream } from '../../../../lib/core/rng.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import {
  journalOf,
  type TrainingOptions,
  tensorsLeft,
  toyLosses,
  trainingOn,
  type Vectors,
} from '../../../privacy/toy-training.js';

beforeAll(() => setupEngine());

const three: Vectors = [
  [1, 0],
  [0, 1],
  [1, 1],
];

describe('a failure of DP-SGD', () => {
  const blocked =
    'DP-SGD: an earlier step failed, and its batch cannot be drawn again. Resume the run, or start a new one.';

  it('of the losses come before anything is charged', async () => {
    const log: string[] = [];
    const losses = () => {
      throw new Error('broken losses');
    };
    const make = () => trainingOn(three, { losses, journal: journalOf(log) });
    await expect(make()).rejects.toThrow('broken losses');
    expect(log).toEqual([]);
    expect(await tensorsLeft(make)).toBe(0);
  });

  it('of a dataset of public size 0, by which nothing can be divided, too', async () => {
    await expect(trainingOn([], { size: 0 })).rejects.toThrow("release of 'network': size is out of range; got 0");
  });

  it('of what mixes records too', async () => {
    const log: string[] = [];
    const losses: TrainingOptions = {
      losses: (tape, images) => toyLosses(tape, images!).mul(images!.mean()),
    };
    const make = () => trainingOn(three, { ...losses, journal: journalOf(log) });
    await expect(make()).rejects.toThrow("DP-SGD of 'network': one record changes the gradients of others");
    expect(log).toEqual([]);
    expect(await tensorsLeft(make)).toBe(0);
  });

  it('between micro-batches leave no tensors, and no batch is drawn again', async () => {
    let calls = 0;
    const draws = (count: number) => {
      if (++calls === 4) throw new Error('no more draws'); // two of the check, then the second micro-batch
      return [tf.ones([count])];
    };
    const left = await tensorsLeft(async () => {
      const { training, dispose } = await trainingOn(three, { draws, microBatch: 2, steps: 3 });
      await expect(training.next()).rejects.toThrow('no more draws');
      await expect(training.next()).rejects.toThrow(blocked);
      expect(training.step).toBe(1);
      dispose();
    });
    expect(left).toBe(0);
    expect(calls).toBe(4);
  });

  it.each([
    ['throws', () => { throw new Error('no entropy'); }, 'no entropy'], // prettier-ignore
    ['gives NaN', () => NaN, 'the noise is not finite, so nothing is released'],
    ['gives infinity', () => Infinity, 'the noise is not finite, so nothing is released'],
  ] as const)('of a noise stream that %s release nothing', async (_, draw, words) => {
    class Broken extends SecureStream {
      broken = false;
      override fillNormal(into: Float32Array | Float64Array, scale?: number): void {
        if (this.broken) into.fill(draw());
        else super.fillNormal(into, scale);
      }
    }
    const left = await tensorsLeft(async () => {
      const noise = new Broken(1);
      const { training, dispose } = await trainingOn(three, { noise, steps: 3 });
      noise.broken = true;
      await expect(training.next()).rejects.toThrow(words);
      noise.broken = false;
      await expect(training.next()).rejects.toThrow(blocked);
      dispose();
    });
    expect(left).toBe(0);
  });

  it('an abort ends it between steps, before another batch is begun, also of empty batches', async () => {
    const log: string[] = [];
    const stop = new AbortController();
    const left = await tensorsLeft(async () => {
      const options = { size: 3, steps: 3, signal: stop.signal, journal: journalOf(log) };
      const { training, dispose } = await trainingOn([], options);
      tf.dispose(await training.next());
      stop.abort(new Error('stopped'));
      await expect(training.next()).rejects.toThrow('stopped');
      await expect(training.next()).rejects.toThrow(blocked);
      dispose();
    });
    expect(log).toEqual(['charged 1', 'begun 0 1']);
    expect(left).toBe(0);
  });

  it('an abort ends it between micro-batches', async () => {
    const stop = new AbortController();
    let calls = 0;
    const draws = (count: number) => {
      if (++calls === 3) stop.abort(new Error('stopped'));
      return [tf.ones([count])];
    };
    const left = await tensorsLeft(async () => {
      const { training, dispose } = await trainingOn(three, { draws, microBatch: 2, signal: stop.signal });
      await expect(training.next()).rejects.toThrow('stopped');
      dispose();
    });
    expect(left).toBe(0);
    expect(calls).toBe(3);
  });
});
