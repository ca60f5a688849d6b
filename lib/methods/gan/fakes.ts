import type { SeededStream } from '../../core/rng.js';
import { drawInput, labelsInTurn } from '../../nn/generators/draw-images.js';
import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../../tensor/index.js';

interface FakesOptions {
  /** Images in all. */
  readonly count: number;
  /** At most so many are generated at a time, by the statistics of their batch. */
  readonly part: number;
  /** Labels are 0 to classes - 1, each equally often. */
  readonly classes: number;
}

/**
 * Generated images that records are compared with in one step of the critic: each record with one of them, by chance.
 *
 * They are made before a batch of records is drawn and never by the number of its records, so that no record changes what another is
 * compared with, although the generator normalises by batches. Which one a record gets comes from the stream that
 * DP-SGD keeps secret.
 */
export class Fakes {
  #images: Tensor4D | undefined;
  #labels: Tensor2D | undefined;

  constructor(
    readonly generator: ConditionalGenerator,
    readonly options: FakesOptions,
  ) {}

  /** Makes new ones with the generator as it is now. */
  renew(stream: SeededStream): void {
    const { count, part, classes } = this.options;
    this.dispose();
    const [images, labels] = tf.tidy(() => {
      const parts = labelsInParts(count, part, classes).map((ofPart, i) => {
        const inputs = drawInput(this.generator, ofPart, stream.fork(`part ${i}`));
        return { images: this.generator.train(inputs.latents, inputs.labels), labels: inputs.labels };
      });
      return [tf.concat(parts.map(({ images }) => images)), tf.concat(parts.map(({ labels }) => labels))] as const;
    });
    [this.#images, this.#labels] = [tf.keep(images), tf.keep(labels)];
  }

  /** Images and one-hot labels for so many records: the random inputs of `pairLosses`. */
  readonly draws = (records: number, stream: SeededStream): Tensor[] =>
    tf.tidy(() => {
      const chosen = Int32Array.from({ length: records }, () => stream.integer(this.options.count));
      const places = tf.tensor1d(chosen, 'int32');
      return [tf.gather(this.#images!, places), tf.gather(this.#labels!, places)];
    });

  dispose(): void {
    tf.dispose([this.#images, this.#labels].filter((tensor) => tensor !== undefined));
    this.#images = this.#labels = undefined;
  }
}

/**
 * Labels 0, 1, …, 0, 1, …, each class equally often in all of them, cut into as few parts as hold at most `largest` each and
 * differ in length by at most 1.
 */
export function labelsInParts(count: number, largest: number, classes: number): Uint8Array[] {
  const labels = labelsInTurn(count, classes);
  const parts = Math.ceil(count / largest);
  const upTo = (part: number) => Math.floor((part * count) / parts);
  return Array.from({ length: parts }, (_, i) => labels.subarray(upTo(i), upTo(i + 1)));
}
