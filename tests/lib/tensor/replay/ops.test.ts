import { beforeAll, describe, expect, it } from 'vitest';
import { Replay } from '../../../../lib/tensor/replay/replay.js';
import {
  setupEngine,
  tf,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

type Compute = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const matrix = (seed = 1) => tf.randomUniform([4, 6], 0.1, 2, 'float32', seed);
const images = (seed = 1) => tf.randomUniform([2, 8, 8, 3], -1, 1, 'float32', seed);
const whole = () => tf.tensor2d([3, 1, 2, 0, 5, 4], [2, 3], 'int32');

/** One input of each kind, and ops on it: what networks, metrics and optimizers are made of. */
const unary: Record<string, (x: Tensor) => Tensor | readonly Tensor[]> = {
  abs: (x) => x.abs(),
  all: (x) => x.greater(0).all(1),
  any: (x) => x.greater(1).any(1),
  argMax: (x) => x.argMax(1),
  argMin: (x) => x.argMin(0),
  cast: (x) => [x.cast('int32'), x.greater(1).cast('float32')],
  ceil: (x) => x.ceil(),
  clip: (x) => x.clipByValue(0.5, 1),
  cos: (x) => [x.cos(), x.sin(), x.tan()],
  cumsum: (x) => x.cumsum(1),
  elu: (x) => [x.elu(), x.selu(), x.softplus()],
  erf: (x) => x.erf(),
  exp: (x) => [x.exp(), x.expm1(), x.log(), x.log1p()],
  expandDims: (x) => x.expandDims(1),
  fill: () => [tf.fill([3, 2], 7), tf.zeros([3]), tf.ones([2], 'int32')],
  floor: (x) => [x.floor(), x.round()],
  gather: (x) => x.gather(tf.tensor1d([2, 0, 3], 'int32')),
  isNaN: (x) => [x.isNaN(), x.isFinite()],
  leakyRelu: (x) => [tf.leakyRelu(x, 0.1), x.relu(), x.relu6()],
  linspace: () => tf.linspace(0, 1, 5),
  logSoftmax: (x) => [x.logSoftmax(), x.softmax(), x.logSumExp(1)],
  mean: (x) => [x.mean(), x.mean([0]), x.mean([1], true)],
  max: (x) => [x.max(1), x.min(0), x.max()],
  mirrorPad: (x) => tf.mirrorPad(x, [[1, 1], [2, 0]], 'reflect'), // prettier-ignore
  moments: (x) => Object.values(tf.moments(x, [0])) as Tensor[],
  neg: (x) => x.neg(),
  norm: (x) => [x.norm(), x.norm('euclidean', 1)],
  oneHot: (x) => tf.oneHot(x.argMax(1) as Tensor1D, 6),
  pad: (x) => x.pad([[1, 0], [0, 2]], 3), // prettier-ignore
  pow: (x) => [x.pow(2), x.pow(tf.scalar(-0.5)), x.square(), x.sqrt(), x.rsqrt(), x.reciprocal()],
  prod: (x) => x.prod(1),
  range: () => tf.range(0, 5, 1, 'int32'),
  reshape: (x) => x.reshape([2, 12]),
  reverse: (x) => x.reverse(1),
  sigmoid: (x) => [x.sigmoid(), x.tanh(), x.logSigmoid()],
  sign: (x) => [x.sub(1).sign(), x.step()],
  slice: (x) => [x.slice([1, 2], [2, 3]), x.stridedSlice([0, 1], [4, 6], [2, 2])],
  split: (x) => x.split(3, 1),
  squeeze: (x) => x.expandDims(0).squeeze([0]),
  sum: (x) => [x.sum(), x.sum(0), x.sum([0, 1], true)],
  tile: (x) => x.tile([2, 1]),
  topk: (x) => Object.values(x.topk(2)) as Tensor[],
  transpose: (x) => [x.transpose(), x.transpose([1, 0])],
  unstack: (x) => x.unstack(0),
};

const binary: Record<string, (x: Tensor, y: Tensor) => Tensor | readonly Tensor[]> = {
  add: (x, y) => [x.add(y), x.sub(y), x.mul(y), x.div(y), x.divNoNan(y)],
  compare: (x, y) => [x.greater(y), x.greaterEqual(y), x.less(y), x.lessEqual(y), x.equal(y), x.notEqual(y)],
  concat: (x, y) => [tf.concat([x, y], 0), tf.concat([x, y], 1), tf.stack([x, y], 1)],
  floorDiv: (x, y) => [x.floorDiv(y), x.mod(y)],
  logical: (x, y) => [
    x.greater(1).logicalAnd(y.greater(1)),
    x.greater(1).logicalNot(),
    x.greater(1).logicalOr(y.less(1)),
  ],
  matMul: (x, y) => [x.matMul(y, true, false), x.matMul(y, false, true), x.expandDims(0).matMul(y.expandDims(0), true)],
  maximum: (x, y) => [x.maximum(y), x.minimum(y), x.squaredDifference(y), x.atan2(y)],
  prelu: (x, y) => tf.prelu(x.sub(1), y),
  where: (x, y) => tf.where(x.greater(1), x, y),
};

const onImages: Record<string, (x: Tensor4D) => Tensor | readonly Tensor[]> = {
  avgPool: (x) => [tf.avgPool(x, 2, 2, 'same'), tf.maxPool(x, 3, 2, 'valid')],
  batchNorm: (x) => tf.batchNorm(x, tf.zeros([3]), tf.ones([3]), tf.ones([3]), tf.ones([3]), 1e-4),
  conv2d: (x) => [
    tf.conv2d(x, tf.ones([3, 3, 3, 2]), 2, 'same'),
    tf.conv2d(x, tf.ones([3, 3, 3, 2]), 1, 'valid', 'NHWC', 2),
  ],
  conv2dTranspose: (x) => tf.conv2dTranspose(x, tf.ones([4, 4, 5, 3]), [2, 16, 16, 5], 2, 'same'),
  depthwiseConv2d: (x) => tf.depthwiseConv2d(x, tf.ones([3, 3, 3, 2]), 1, 'same'),
  spaceToBatch: (x) => tf.spaceToBatchND(x, [2, 2], [[0, 0], [0, 0]]), // prettier-ignore
  depthToSpace: (x) => tf.depthToSpace(x.tile([1, 1, 1, 4]) as Tensor4D, 2),
  resize: (x) => [tf.image.resizeBilinear(x, [16, 12]), tf.image.resizeNearestNeighbor(x, [4, 4])],
  cropAndResize: (x) => tf.image.cropAndResize(x, tf.tensor2d([[0, 0, 1, 0.5]]), tf.tensor1d([1], 'int32'), [4, 4]),
  einsum: (x) => tf.einsum('bhwc,bhwd->bcd', x, x),
};

/** Replayed with other values than recorded with, every output is the eager one, type and shape included; in float64 up to float32's rounding. */
async function agrees(compute: Compute, first: readonly Tensor[], second: readonly Tensor[]): Promise<void> {
  for (const precision of ['float32', 'float64'] as const) await agreesIn(precision, compute, [first, second]);
}

async function agreesIn(
  precision: 'float32' | 'float64',
  compute: Compute,
  [first, second]: readonly [readonly Tensor[], readonly Tensor[]],
): Promise<void> {
  const tolerance = precision === 'float32' ? 2e-6 : 2e-5; // of sums in another order, and of the eager one's rounding
  const outputs = (...inputs: Tensor[]) => {
    const made = compute(...inputs);
    return Array.isArray(made) ? (made as Tensor[]) : [made as Tensor];
  };
  const replay = new Replay(tf, outputs, { precision });
  tf.dispose(replay.run(first));
  const [replayed, eager] = [replay.run(second), outputs(...second)];
  expect(replayed.map(({ dtype, shape }) => [dtype, shape])).toEqual(eager.map(({ dtype, shape }) => [dtype, shape]));
  for (const [i, tensor] of replayed.entries()) {
    const [got, expected] = [await tensor.data(), await eager[i]!.data()];
    expected.forEach((value, k) =>
      expect(Math.abs(got[k]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value))),
    );
  }
  replay.dispose();
}

describe('ops replayed', () => {
  it.each(Object.entries(unary))('%s', (_name, op) => agrees(op, [matrix(1)], [matrix(2)]));
  it.each(Object.entries(binary))('%s', (_name, op) => agrees(op, [matrix(1), matrix(2)], [matrix(3), matrix(4)]));
  it.each(Object.entries(onImages))('%s', (_name, op) => agrees(op as Compute, [images(1)], [images(2)]));
  it('whole numbers', () =>
    agrees((x) => [x.add(2), x.mul(x), x.sum(), x.cast('float32')], [whole()], [whole().add(1)]));

  const gradients: Record<string, (x: Tensor) => Tensor> = {
    softmax: (x) => x.softmax().log().sum(),
    norm: (x) => x.norm('euclidean', 1).sum(),
    gather: (x) =>
      x
        .gather(tf.tensor1d([1, 1], 'int32'))
        .square()
        .sum(),
    slices: (x) => tf.concat([x.slice([0, 1], [2, 2]).exp(), x.slice([2, 0], [2, 2]).log()], 0).sum(),
    moments: (x) => {
      const { mean, variance } = tf.moments(x, 0);
      return x.sub(mean).mul(variance.add(1e-3).rsqrt()).pow(3).sum();
    },
    products: (x) =>
      (x as Tensor2D)
        .matMul(x as Tensor2D, true)
        .sigmoid()
        .max(),
    where: (x) =>
      tf
        .where(tf.tensor1d([1, 0, 1, 0, 0, 1], 'bool'), x.square(), x.neg())
        .cumsum(1)
        .sum(),
  };
  it.each(Object.entries(gradients))('gradient of %s', (_name, loss) =>
    agrees((x) => tf.grad((y: Tensor) => loss(y).asScalar())(x), [matrix(1)], [matrix(2)]),
  );
  const imageGradients: Record<string, (x: Tensor4D) => Tensor> = {
    conv2d: (x) =>
      tf
        .conv2d(x, tf.fill([3, 3, 3, 4], 0.1), 2, 'same')
        .square()
        .sum(),
    conv2dTranspose: (x) =>
      tf
        .conv2dTranspose(x, tf.fill([4, 4, 5, 3], 0.1), [2, 16, 16, 5], 2, 'same')
        .square()
        .sum(),
    pools: (x) =>
      tf
        .maxPool(tf.avgPool(x, 2, 1, 'same'), 2, 2, 'same')
        .square()
        .sum(),
    resize: (x) => tf.image.resizeBilinear(x, [12, 12]).square().sum(),
    nearest: (x) => tf.image.resizeNearestNeighbor(x, [16, 16]).square().sum(),
    pad: (x) => tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]).square().mean([1, 2]).sum(), // prettier-ignore
  };
  it.each(Object.entries(imageGradients))('gradient of %s on images', (_name, loss) =>
    agrees((x) => tf.grad((y: Tensor) => loss(y as Tensor4D).asScalar())(x), [images(1)], [images(2)]),
  );
});
