import { expect, it } from 'vitest';
import { toBundle } from '../../../kernel/output/bundle.js';

/** What the kernel sees of a TensorFlow.js tensor; slices count as tensors that must be disposed. */
class FakeTensor {
  static alive = 0;
  static fetched = 0;
  isDisposed = false;
  constructor(
    readonly shape: number[],
    readonly values: readonly (number | string)[],
    readonly dtype = 'float32',
  ) {
    FakeTensor.alive++;
  }
  slice(begin: number[], size: number[]): FakeTensor {
    const strides = this.shape.map((_length, axis) => this.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    let offsets = [0];
    size.forEach((length, axis) => {
      offsets = offsets.flatMap((from) =>
        Array.from({ length }, (_i, i) => from + (begin[axis]! + i) * strides[axis]!),
      );
    });
    return new FakeTensor(
      size,
      offsets.map((offset) => this.values[offset]!),
      this.dtype,
    );
  }
  data(): Promise<readonly (number | string)[]> {
    FakeTensor.fetched += this.values.length;
    return Promise.resolve(this.values);
  }
  dispose(): void {
    this.isDisposed = true;
    FakeTensor.alive--;
  }
}

const range = (length: number) => Array.from({ length }, (_v, i) => i);
const text = async (tensor: FakeTensor) => ((await toBundle(tensor)) as Record<string, string>)['text/plain'];

it('shows type, shape and values', async () => {
  expect(await text(new FakeTensor([2, 2], [1, 2, 3, 4.123456789]))).toBe(
    'Tensor float32 [2, 2]\n[[     1,      2],\n [     3, 4.1235]]',
  );
  expect(await text(new FakeTensor([], [3], 'int32'))).toBe('Tensor int32 [] 3');
  expect(await text(new FakeTensor([2], [1, 0], 'bool'))).toBe('Tensor bool [2]\n[ true, false]');
  expect(await text(new FakeTensor([2], ['a', 'b'], 'string'))).toBe('Tensor string [2]\n["a", "b"]');
});

it('fetches and shows a bounded part of a large one, and disposes it', async () => {
  const tensor = new FakeTensor([4, 3, 20, 20], range(4800));
  const [alive, fetched] = [FakeTensor.alive, FakeTensor.fetched];
  const shown = (await text(tensor))!;
  expect(FakeTensor.alive).toBe(alive);
  expect(FakeTensor.fetched - fetched).toBe(2 * 2 * 8 * 8);
  expect(shown.split('\n').slice(0, 3)).toEqual([
    'Tensor float32 [4, 3, 20, 20]',
    '[[[[   0,    1,    2,    3,    4,    5,    6,    7, …],',
    '   [  20,   21,   22,   23,   24,   25,   26,   27, …],',
  ]);
  expect(shown.endsWith(',\n  …],\n …]')).toBe(true);
});

it('says so when there is nothing to show', async () => {
  expect(await text(new FakeTensor([0, 3], []))).toBe('Tensor float32 [0, 3]');
  const gone = new FakeTensor([1], [1]);
  gone.dispose();
  expect(await text(gone)).toBe('Tensor float32 [1], disposed');
});
