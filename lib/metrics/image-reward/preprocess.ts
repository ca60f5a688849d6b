import type { Images } from '../../core/images.js';
import { imageTensor, tf, type Tensor4D } from '../../tensor/index.js';
import { resizeBicubic } from './bicubic.js';

/** Mean and deviation of the pixels in [0, 1] that CLIP was trained on: red, green, blue. Radford et al. 2021, and BLIP after it. */
const means = [0.48145466, 0.4578275, 0.40821073];
const deviations = [0.26862954, 0.26130258, 0.27577711];

/** What `preprocess` does, for results. */
export const preprocessing = (side: number): string =>
  `grey copied to three channels, bicubic resize of the short side to ${side} as Pillow, centre cut, CLIP mean and deviation`;

/**
 * Images as the image encoder takes them, `[count, side, side, 3]`: bicubic resize of the short side, cut around the centre, grey
 * copied to three channels, each channel moved to mean 0 and deviation 1. What ImageReward's `_transform` does with Pillow.
 *
 * @example const input = preprocess(images, 224);   // the caller disposes it
 */
export function preprocess(images: Images, side: number): Tensor4D {
  return tf.tidy(() => {
    const pixels = imageTensor(centreSquare(images, side)); // [count, side, side, channels]
    const coloured = images.channels === 1 ? (pixels.tile([1, 1, 1, 3]) as Tensor4D) : pixels;
    return coloured.sub(tf.tensor1d(means)).div(tf.tensor1d(deviations)) as Tensor4D;
  });
}

/** The short side becomes `side`; of the long one the middle is kept. `[count, side, side, channels]` */
export function centreSquare(images: Images, side: number): Images {
  const short = Math.min(images.height, images.width);
  const resized = resizeBicubic(images, {
    height: Math.trunc((side * images.height) / short),
    width: Math.trunc((side * images.width) / short),
  });
  const { data, count, height, width, channels } = resized;
  if (height === width) return resized;
  const [top, left] = [halfToEven(height - side), halfToEven(width - side)];
  const cut = new Uint8Array(count * side * side * channels);
  for (let i = 0; i < count; i++)
    for (let y = 0; y < side; y++) {
      const start = ((i * height + top + y) * width + left) * channels;
      cut.set(data.subarray(start, start + side * channels), (i * side + y) * side * channels);
    }
  return { data: cut, count, height: side, width: side, channels };
}

/** Half of a whole number; of two nearest ones the even one, as Python's `round`. */
function halfToEven(whole: number): number {
  const half = Math.floor(whole / 2);
  return whole % 2 === 0 ? half : half + (half % 2);
}
