import { tf, type Tensor, type Tensor2D, type Tensor3D, type Tensor4D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import { visual, type BlipSizes } from './sizes.js';
import { attention, gelu, layerNorm, linear } from './transformer.js';

/** Of PyTorch image models' ViT; other layer norms use 1e-5. */
const epsilon = 1e-6;

/**
 * The vision transformer of BLIP (Dosovitskiy et al. 2021, arXiv 2010.11929; Li et al. 2022, arXiv 2201.12086): images
 * `[batch, pixels, pixels, 3]` to one vector for the image and one for each square of it, `[batch, 1 + squares, width]`.
 */
export function encodeImages(weights: Weights, images: Tensor4D, { patch, vision }: BlipSizes): Tensor3D {
  const batch = images.shape[0];
  const squares = embedSquares(weights, images, patch); // [batch, squares, width]
  const whole = weights[`${visual}.cls_token`]!.tile([batch, 1, 1]); // [batch, 1, width]
  let x: Tensor = tf.concat([whole, squares], 1).add(weights[`${visual}.pos_embed`]!);
  for (let i = 0; i < vision.layers; i++) {
    const block = `${visual}.blocks.${i}`;
    x = x.add(attendToSelf(weights, block, layerNorm(weights, `${block}.norm1`, x, epsilon), vision.heads));
    const hidden = linear(weights, `${block}.mlp.fc1`, layerNorm(weights, `${block}.norm2`, x, epsilon));
    x = x.add(linear(weights, `${block}.mlp.fc2`, gelu(hidden)));
  }
  return layerNorm(weights, `${visual}.norm`, x, epsilon) as Tensor3D;
}

/** A convolution with a stride of its own size, as one product of matrices. */
function embedSquares(weights: Weights, images: Tensor4D, patch: number): Tensor3D {
  const [batch, height, width] = images.shape;
  const [rows, columns] = [height / patch, width / patch];
  const flat = images
    .reshape([batch, rows, patch, columns, patch, 3])
    .transpose([0, 1, 3, 5, 2, 4]) // [batch, rows, columns, channels, y, x]: the order of the kernel
    .reshape([batch * rows * columns, 3 * patch * patch]) as Tensor2D;
  const kernel = weights[`${visual}.patch_embed.proj.weight`]!; // [width, channels, y, x]
  const size = kernel.shape[0]!;
  const product = tf.matMul(flat, kernel.reshape([size, 3 * patch * patch]) as Tensor2D, false, true);
  return product.add(weights[`${visual}.patch_embed.proj.bias`]!).reshape([batch, rows * columns, size]);
}

function attendToSelf(weights: Weights, block: string, x: Tensor, heads: number): Tensor {
  const parts = tf.split(linear(weights, `${block}.attn.qkv`, x), 3, -1) as [Tensor, Tensor, Tensor];
  return linear(weights, `${block}.attn.proj`, attention(parts, heads));
}
