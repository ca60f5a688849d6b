import { takeImages, type Images } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import { tf, type Tensor1D, type Tensor2D } from '../../tensor/index.js';
import { PooledPixels } from './embedding.js';
import type { GeneratedImages, GeneratorContext, ImageGenerator, ImageGeneratorDefinition } from './image-generator.js';

/**
 * The public images themselves, remembered by their place. A variation is one of those that look most alike, by the means of
 * small squares of pixels: one of the n^degree nearest of n, so itself at degree 0 and any of them at degree 1.
 */
export const imagePool: ImageGeneratorDefinition<'image-pool'> = {
  id: 'image-pool',
  title: 'images of the public dataset; a variation is one that looks alike',
  publicData: 'required',
  async open({ publicDataset, own, signal }: GeneratorContext): Promise<ImageGenerator> {
    const { images, name } = publicDataset!;
    const task = new ProgressTask(`arranging the images of ${name}`, 1, signal);
    const pool = own(new Pool(images));
    await task.pause();
    task.done();
    const at = (places: Uint32Array): GeneratedImages => ({
      images: takeImages(images as Images, places),
      memory: Float32Array.from(places),
    });
    return {
      random: (count, stream) =>
        Promise.resolve(at(Uint32Array.from({ length: count }, () => stream.integer(images.count)))),
      async vary({ memory }, degree, stream) {
        const near = Math.max(1, Math.round(images.count ** degree));
        const ranks = Uint32Array.from(memory, () => stream.integer(near));
        return at(await pool.neighbours(memory, ranks, near));
      },
    };
  },
};

/** Images arranged so that those that look alike are found. */
class Pool {
  readonly #places: Tensor2D; // [count, size]
  readonly #norms: Tensor1D; // [count]

  constructor(images: Images) {
    this.#places = new PooledPixels(images).embedAll(images);
    this.#norms = tf.tidy(() => this.#places.square().sum(1) as Tensor1D);
  }

  /** For each image the one that is as near as its rank says: 0 the nearest, which is itself; all ranks are below `near`. */
  async neighbours(places: Float32Array, ranks: Uint32Array, near: number): Promise<Uint32Array> {
    const rows = Math.max(1, Math.floor(2 ** 23 / this.#norms.size));
    const found = new Uint32Array(places.length);
    for (let start = 0; start < places.length; start += rows) {
      const part = places.subarray(start, start + rows);
      const nearest = tf.tidy(() => {
        const embeddings = this.#places.gather(tf.tensor1d(part, 'int32')); // [rows, size]
        const distances = this.#norms.sub(embeddings.matMul(this.#places, false, true).mul(2)); // [rows, count]
        return tf.topk(distances.neg(), near).indices; // [rows, near]
      });
      const values = await nearest.data();
      nearest.dispose();
      part.forEach((_, i) => (found[start + i] = values[i * near + ranks[start + i]!]!));
    }
    return found;
  }

  dispose(): void {
    tf.dispose([this.#places, this.#norms]);
  }
}
