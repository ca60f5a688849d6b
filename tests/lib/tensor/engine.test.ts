import type { Rank, Tensor4D } from '@tensorflow/tfjs-node';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../lib/core/errors.js';
import {
  inspectEngine,
  runOp,
  setupEngine,
  tensorFlowVersion,
  tf,
  type EngineReport,
} from '../../../lib/tensor/index.js';
import { tensorflowBackend } from '../../../lib/tensor/run-op.js';
import { isEngineLoaded } from '../../../lib/tensor/runtime/load.js';

/** Sums of a few hundred float32 products of size one. */
const float32Error = 1e-4;

let report: EngineReport;
beforeAll(async () => {
  report = await setupEngine();
}, 600_000);

describe('tf', () => {
  it('loads the engine at the first use, and not when it is awaited or looked at', async () => {
    await Promise.resolve(tf);
    expect(String((tf as object as { toJSON?: unknown }).toJSON)).toBe('undefined');
    expect(isEngineLoaded()).toBe(false);
    expect(tf.getBackend()).toBe('tensorflow');
    expect(isEngineLoaded()).toBe(true);
    expect(tensorFlowVersion()).toMatch(/^2\.\d+\.\d+/);
    expect(Object.keys(tf)).toContain('matMul');
    expect('conv2d' in tf).toBe(true);
  });

  it('multiplies matrices as the closed form says', async () => {
    // A[i, k] = i + k and B[k, j] = k - j: C[i, j] = sum over k < n of (i + k)(k - j).
    const n = 7;
    const a = tf.tensor2d(
      Float32Array.from({ length: n * n }, (_, at) => Math.floor(at / n) + (at % n)),
      [n, n],
    );
    const b = tf.tensor2d(
      Float32Array.from({ length: n * n }, (_, at) => Math.floor(at / n) - (at % n)),
      [n, n],
    );
    const got = await tf.matMul(a, b).data();
    const [sum, squares] = [(n * (n - 1)) / 2, ((n - 1) * n * (2 * n - 1)) / 6];
    const expected = Array.from(got, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return squares + (i - j) * sum - n * i * j;
    });
    expect([...got]).toEqual(expected);
  });

  it('takes the gradient of a convolution by its filter: the correlation of input and output gradient', async () => {
    const [batch, size, inputs, outputs, kernel] = [2, 6, 3, 4, 3];
    const out = size - kernel + 1;
    const x = tf.randomNormal<Rank.R4>([batch, size, size, inputs], 0, 1, 'float32', 1);
    const w = tf.randomNormal<Rank.R4>([kernel, kernel, inputs, outputs], 0, 1, 'float32', 2);
    const g = tf.randomNormal<Rank.R4>([batch, out, out, outputs], 0, 1, 'float32', 3);
    const gradient = tf.grad((filter) =>
      tf
        .conv2d(x, filter as Tensor4D, 1, 'valid')
        .mul(g)
        .sum(),
    )(w);
    const [xs, gs, got] = await Promise.all([x.data(), g.data(), gradient.data()]);
    const inputAt = (b: number, i: number, j: number, c: number) => xs[((b * size + i) * size + j) * inputs + c]!;
    let at = 0;
    let largest = 0;
    for (let u = 0; u < kernel; u++)
      for (let v = 0; v < kernel; v++)
        for (let c = 0; c < inputs; c++)
          for (let o = 0; o < outputs; o++, at++) {
            let expected = 0;
            for (let b = 0; b < batch; b++)
              for (let i = 0; i < out; i++)
                for (let j = 0; j < out; j++)
                  expected += inputAt(b, i + u, j + v, c) * gs[((b * out + i) * out + j) * outputs + o]!;
            largest = Math.max(largest, Math.abs(expected - got[at]!));
          }
    expect(at).toBe(got.length);
    expect(largest).toBeLessThan(float32Error);
  });

  it('gives every tensor back, in tfjs and in TensorFlow', async () => {
    const before = { tfjs: tf.memory().numTensors, tensorflow: tensorflowBackend().getNumOfTFTensors() };
    const loss = tf.tidy(() => {
      const x = tf.ones<Rank.R4>([2, 8, 8, 3]);
      const w = tf.ones<Rank.R4>([3, 3, 3, 5]);
      return tf
        .grad((filter) =>
          tf
            .conv2d(x, filter as Tensor4D, 1, 'same')
            .relu()
            .mean(),
        )(w)
        .sum();
    });
    expect(tf.memory().numTensors).toBe(before.tfjs + 1);
    await loss.data();
    loss.dispose();
    expect({ tfjs: tf.memory().numTensors, tensorflow: tensorflowBackend().getNumOfTFTensors() }).toEqual(before);
  });
});

describe('runOp', () => {
  it('runs an op that TensorFlow.js does not know', async () => {
    const matrix = tf.tensor2d([2, 1, 1, 2], [2, 2]);
    const attributes = { compute_v: { bool: true }, T: { type: 'float32' } } as const;
    const [values, vectors] = runOp('SelfAdjointEigV2', attributes, [matrix], 2);
    expect(vectors!.shape).toEqual([2, 2]);
    const got = await values!.data();
    expect(got[0]).toBeCloseTo(1, 5);
    expect(got[1]).toBeCloseTo(3, 5);
  });

  it('passes every kind of attribute', async () => {
    // A 2x2 patch of ones under a stride of 2: the sum of each quarter of 0…15.
    const x = tf.range(0, 16).reshape([1, 4, 4, 1]);
    const attributes = {
      T: { type: 'float32' },
      strides: { ints: [1, 2, 2, 1] },
      padding: { string: 'VALID' },
      use_cudnn_on_gpu: { bool: true },
    } as const;
    const [sums] = runOp('Conv2D', attributes, [x, tf.ones([2, 2, 1, 1])]);
    expect([...(await sums!.data())]).toEqual([10, 18, 42, 50]);

    const [leaky] = runOp('LeakyRelu', { T: { type: 'float32' }, alpha: { float: 0.5 } }, [tf.tensor1d([-2, 2])]);
    expect([...(await leaky!.data())]).toEqual([-1, 2]);
    const [last] = runOp('Unpack', { T: { type: 'float32' }, num: { int: 2 }, axis: { int: 0 } }, [tf.eye(2)], 2).slice(
      1,
    );
    expect([...(await last!.data())]).toEqual([0, 1]);
    const placed = runOp('PlaceholderWithDefault', { dtype: { type: 'float32' }, shape: { shape: [2] } }, [
      tf.ones([2]),
    ]);
    expect(placed[0]!.shape).toEqual([2]);
  });

  it("throws TensorFlow's own words with the inputs", () => {
    const run = () => runOp('MatMul', { T: { type: 'float32' } }, [tf.ones([2, 3]), tf.ones([2, 3])]);
    expect(run).toThrow(OptionError);
    expect(run).toThrow(
      /^runOp\('MatMul'\): TensorFlow refuses: .*Matrix size-incompatible.*; got 'float32\[2, 3\], float32\[2, 3\]', expected the op's own attributes and inputs/,
    );
    expect(() => runOp('NoSuchOp', {}, [])).toThrow(/^runOp\('NoSuchOp'\): .*got 'no inputs'/);
  });
});

describe('loading', () => {
  it('writes nothing to stderr, and leaves stderr as it was', () => {
    const script = `
      const quiet = require(${JSON.stringify(join(dirname(report.binding), 'quiet.node'))});
      const load = () => process.dlopen({ exports: {} }, ${JSON.stringify(report.binding)});
      quiet.hush(); quiet.hush(); load(); quiet.restore(); quiet.restore();
      require('fs').writeSync(2, 'seen');`;
    const { stderr, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: 'seen', status: 0 });
  });
});

describe('inspectEngine', () => {
  it('measures the engine and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const lines = await inspectEngine();
    expect(tf.memory().numTensors).toBe(before);
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    const value = (name: string) => lines.find((line) => line.name === name)?.value;
    expect(value('TensorFlow')).toContain(report.tensorflow);
    expect(value('engine')).toContain(report.binding);
    expect(value('Node')).toBe(process.versions.node);
    // The slowest machine that can run this at all does more than a tenth of a GFLOP/s.
    for (const name of ['matmul 1024^3', 'conv 3x3 64->64'])
      expect(Number.parseFloat(value(name)!)).toBeGreaterThan(0.1);
  });
});
