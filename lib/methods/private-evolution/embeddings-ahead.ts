import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor2D } from '../../tensor/index.js';
import type { PooledPixels } from './embedding.js';
import type { GeneratedImages, ImageGenerator } from './image-generator.js';

interface Lookahead {
  readonly generator: ImageGenerator;
  readonly embedding: PooledPixels;
  readonly degree: number;
  /** Variations of an image that its embedding is the mean of; 0: the image itself. */
  readonly lookahead: number;
  readonly stream: SeededStream;
}

/**
 * Embeddings `[count, size]` of what each image stands for: not of the image itself but of its variations, which are what will come of
 * it when it is selected (Lin et al. 2024, algorithm 2), rounded to whole numbers. They belong to the caller.
 */
export async function embeddingsAhead(population: GeneratedImages, ahead: Lookahead): Promise<Tensor2D> {
  const { generator, embedding, degree, lookahead, stream } = ahead;
  if (lookahead === 0) return embedding.embedAll(population.images);
  let sum = tf.zeros([population.images.count, embedding.size]) as Tensor2D;
  try {
    for (let i = 0; i < lookahead; i++) {
      const { images } = await generator.vary(population, degree, stream.fork(`variation ${i}`));
      const before = sum;
      sum = tf.tidy(() => before.add(embedding.embedAll(images)));
      before.dispose();
    }
    return tf.tidy(() => sum.div(lookahead).round() as Tensor2D);
  } finally {
    sum.dispose();
  }
}
