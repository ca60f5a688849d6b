import { takeImages } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import type { PublicDataset } from '../../data/contract.js';
import { fromLatents, toLatents, type Autoencoder } from '../../nn/autoencoder/autoencoder.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import { forwardTape } from '../../nn/tape.js';
import { imageTensor, replay, tf, type Tensor } from '../../tensor/index.js';

/** Public images that are looked at, and so many at a time. */
const [looked, batch] = [1024, 64];

/**
 * Changes the last map of the encoder and the first of the decoder, which are linear, so that each channel of the latents of public
 * images has mean 0 and deviation 1, as the noise of the diffusion expects; images decode as before. The reference leaves latents as
 * they come, of whatever size.
 */
export async function standardiseLatents(
  network: Autoencoder,
  parameters: NetworkParameters,
  { images }: PublicDataset,
  stream: SeededStream,
): Promise<void> {
  const rows = stream.permutation(images.count).subarray(0, looked);
  const { channels, height, width } = network.latentShape;
  const names = Object.keys(parameters);
  const encode = replay(
    (...tensors) => {
      const weights = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
      const { mean, logVariance } = network.encode(forwardTape(weights), tensors.at(-1)!);
      return [mean.sum([0, 1, 2]), mean.square().add(logVariance.exp()).sum([0, 1, 2])]; // [channels] each
    },
    { name: 'the encoder' },
  );
  const sums = [new Float64Array(channels), new Float64Array(channels)];
  try {
    for (let start = 0; start < rows.length; start += batch) {
      const pixels = imageTensor(takeImages(images, rows.subarray(start, start + batch)));
      const parts = encode.run([...Object.values(parameters), pixels]);
      const values = await Promise.all(parts.map((part) => part.data()));
      values.forEach((part, i) => part.forEach((value, c) => (sums[i]![c]! += value)));
      tf.dispose([pixels, ...parts]);
    }
  } finally {
    encode.dispose();
  }
  const count = rows.length * height * width;
  const [first, second] = sums.map((sum) => sum.map((value) => value / count));
  const deviation = second!.map((square, c) => Math.sqrt(Math.max(square - first![c]! ** 2, 1e-12)));
  moveLatents(parameters, Float32Array.from(first!), Float32Array.from(deviation));
}

/** Latents become (z - mean) / deviation, for each channel. */
function moveLatents(parameters: NetworkParameters, mean: Float32Array, deviation: Float32Array): void {
  const channels = mean.length;
  const [kernel, bias] = ['kernel', 'bias'].map((part) => parameters[`${toLatents}.${part}`]!);
  const [ownKernel, ownBias] = ['kernel', 'bias'].map((part) => parameters[`${fromLatents}.${part}`]!);
  tf.tidy(() => {
    const [m, s] = [tf.tensor1d(mean), tf.tensor1d(deviation)];
    // The first channels are means, the others logarithms of variances.
    const columns = (x: Tensor, from: number) => x.slice([0, from], [-1, channels]);
    kernel!.assign(tf.concat([columns(kernel!, 0).div(s), columns(kernel!, channels)], 1));
    const [ofMean, ofVariance] = tf.split(bias!, 2) as [Tensor, Tensor];
    bias!.assign(tf.concat([ofMean.sub(m).div(s), ofVariance.sub(s.log().mul(2))]));
    ownBias!.assign(ownBias!.add(m.reshape([1, channels]).dot(ownKernel!).reshape([channels])));
    ownKernel!.assign(ownKernel!.mul(s.reshape([channels, 1])));
  });
}
