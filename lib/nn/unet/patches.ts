import type { Tensor } from '../../tensor/index.js';

/** `[rows, height, width, channels]` to `[rows, height / patch, width / patch, patch² channels]`. */
export function toPatches(images: Tensor, patch: number): Tensor {
  if (patch === 1) return images;
  const [rows, height, width, channels] = images.shape as [number, number, number, number];
  return images
    .reshape([rows, height / patch, patch, width / patch, patch, channels])
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([rows, height / patch, width / patch, patch ** 2 * channels]);
}

/** The inverse of `toPatches`. */
export function fromPatches(patches: Tensor, patch: number): Tensor {
  if (patch === 1) return patches;
  const [rows, height, width, size] = patches.shape as [number, number, number, number];
  const channels = size / patch ** 2;
  return patches
    .reshape([rows, height, width, patch, patch, channels])
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([rows, height * patch, width * patch, channels]);
}
