import {
  runOp,
  tf,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '../../tensor/index.js';

/** Mean and variance of each channel, `[channels]`. */
export interface Statistics {
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
}

/** Added to variances. */
const epsilon = 1e-4;

/** Means and variances over a batch of images `[batch, height, width, channels]` and all places; variances divide by the count. */
export function batchStatistics(images: Tensor4D): Statistics {
  const x = byPosition(images);
  const mean = x.mean(1).mean<Tensor1D>(0);
  // E[x²] - E[x]² can fall below 0 by rounding.
  const variance = meanSquares(x).mean(0).sub(mean.square()).relu<Tensor1D>();
  return { mean, variance };
}

/** relu(scale (x - mean) / deviation + shift) by given statistics; scale and shift `[batch, channels]`. */
export function normaliseBy({ mean, variance }: Statistics, images: Tensor4D, scale: Tensor, shift: Tensor): Tensor4D {
  const slope = variance.add(epsilon).rsqrt().mul(scale); // [batch, channels]
  return affine(byPosition(images), slope, shift.sub(mean.mul(slope)))
    .relu()
    .reshape(images.shape);
}

/**
 * relu(scale (x - mean) / deviation + shift) by the statistics of the batch (Ioffe and Szegedy 2015); scale and shift
 * `[batch, channels]`, so that they may depend on an example's class (de Vries et al. 2017, "Modulating early visual processing").
 *
 * The gradient is written by hand, from the two sums over places that scale and shift need anyway. With n = (x - mean) r, z =
 * n scale + shift and averages over batch and places: dx = r (dn - mean(dn) - n mean(dn n)), where dn = dz scale.
 */
export function normaliseByBatch(images: Tensor4D, scale: Tensor2D, shift: Tensor2D): Tensor4D {
  const fused = tf.customGrad((...args) => {
    const [x, scale, shift, save] = args as unknown as [Tensor3D, Tensor2D, Tensor2D, (saved: Tensor[]) => void];
    const [batch, positions] = x.shape;
    const { mean, variance } = batchStatistics(x.reshape([batch, positions, 1, -1]));
    const r = variance.add(epsilon).rsqrt(); // [channels]
    const slope = r.mul(scale); // [batch, channels]
    const value = affine(x, slope, shift.sub(mean.mul(slope))).relu();
    save([x, scale, mean, r, value]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [x, scale, mean, r, value] = saved as [Tensor3D, Tensor, Tensor, Tensor, Tensor];
      const [dz] = runOp('ReluGrad', { T: { type: 'float32' } }, [dy, value]) as [Tensor3D];
      const dShift = dz.sum(1); // [batch, channels]
      const dScale = r.mul(dz.mul(x).sum(1).sub(mean.mul(dShift))); // [batch, channels]
      const count = batch * positions;
      const [first, second] = [scale.mul(dShift).sum(0), scale.mul(dScale).sum(0)].map((sum) => sum.div(count));
      const ofInput = r.square().mul(second!); // [channels]
      const rest = mean.mul(ofInput).sub(r.mul(first!)); // [channels]
      const dx = dz.mul(everywhere(r.mul(scale))).sub(x.mul(ofInput).sub(rest));
      return [dx, dScale, dShift];
    };
    return { value, gradFunc };
  });
  return fused(byPosition(images), scale, shift).reshape(images.shape);
}

/**
 * Images as they are, for a bias `[channels]` before batch normalisation: the mean takes it away again, so its gradient is 0. Added, it
 * would cost two passes, and its gradient would be what rounding leaves, which Adam takes for a direction.
 */
export function withoutEffect(bias: Tensor, images: Tensor4D): Tensor4D {
  const same = tf.customGrad((...args) => ({
    value: (args[0] as Tensor).clone(),
    gradFunc: (dy: Tensor) => [dy, tf.zeros(bias.shape)],
  }));
  return same(images, bias) as Tensor4D;
}

const byPosition = (images: Tensor4D): Tensor3D => {
  const [batch, height, width, channels] = images.shape;
  return images.reshape([batch, height * width, channels]);
};

/** `[batch, channels]` as `[batch, 1, channels]`. */
const everywhere = (values: Tensor): Tensor3D => values.reshape([values.shape[0]!, 1, values.shape[1]!]);

const affine = (x: Tensor3D, slope: Tensor, offset: Tensor): Tensor3D =>
  x.mul(everywhere(slope)).add(everywhere(offset));

/** Means over places of squares, in one pass: `[batch, channels]`. */
function meanSquares(x: Tensor3D): Tensor {
  const attributes = { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } } as const;
  const [norms] = runOp('EuclideanNorm', attributes, [x, tf.scalar(1, 'int32')]);
  return norms!.square().div(x.shape[1]);
}
