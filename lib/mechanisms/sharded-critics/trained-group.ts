import { takeImages, type LabeledImages } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { Adam } from '../../nn/adam.js';
import type { CriticBatch, CriticGroup } from '../../nn/critics/critic-group.js';
import { imageTensor, oneHotTensor, tf, type Replay, type Tensor } from '../../tensor/index.js';

/** Generated images to tell from real ones: `[count, height, width, channels]` in [0, 1], and the class of each. */
export interface FakeImages {
  readonly images: Tensor;
  readonly labels: ArrayLike<number>;
}

/**
 * A group of critics, the shards that they are trained on, and their optimizer; as private as the records. A critic's random
 * numbers stand at places of their own in the stream: they do not depend on the shards of others.
 */
export class TrainedGroup {
  readonly #adam: Adam;
  #updates = 0;

  constructor(
    readonly group: CriticGroup,
    /** Places of each critic's records among `rows`. */
    readonly shards: readonly Uint32Array[],
    readonly options: {
      readonly rows: LabeledImages;
      readonly classes: number;
      readonly batchSize: number;
      readonly learningRate: number;
      readonly momentum: readonly [number, number];
      readonly stream: SeededStream;
      /** From parameters, state and a `CriticBatch` to the gradients by the parameters. */
      readonly gradient: Replay;
    },
  ) {
    this.#adam = new Adam(group.parameters, ...options.momentum);
  }

  get tensors(): Tensor[] {
    return [...Object.values(this.group.parameters), ...Object.values(this.group.state)];
  }

  /** One step of all critics of the group. */
  update(fakes: FakeImages): void {
    const { gradient, learningRate } = this.options;
    const stream = this.options.stream.fork(`update ${this.#updates++}`);
    this.group.advance();
    tf.tidy(() => {
      const { real, labels, fake, mix } = this.#batch(fakes, stream);
      const gradients = gradient.run([...this.tensors, real, labels, fake, mix]);
      const names = Object.keys(this.group.parameters);
      this.#adam.apply(Object.fromEntries(names.map((name, i) => [name, gradients[i]!])), learningRate);
    });
  }

  #batch(fakes: FakeImages, stream: SeededStream): CriticBatch {
    const { rows, batchSize, classes } = this.options;
    const [size, count] = [this.shards.length, this.shards.length * batchSize];
    const anyOf = (length: number) => Math.floor(stream.uniform() * length); // one number each, whatever the length
    const places = Uint32Array.from({ length: count }, (_, i) => {
      const shard = this.shards[Math.floor(i / batchSize)]!;
      // A shard without records trains on one black image, the last row: a constant, whatever is in other shards.
      return shard[anyOf(shard.length)] ?? rows.count - 1;
    });
    const taken = takeImages(rows, places);
    const byClass = placesByClass(fakes.labels, classes);
    const chosen = Int32Array.from(taken.labels, (label) => {
      const at = anyOf(byClass[label]?.length ?? 0); // drawn for a label that is no class too
      return byClass[label]?.[at] ?? 0;
    });
    const mix = Float32Array.from({ length: count }, () => stream.uniform());
    const image = fakes.images.shape.slice(1);
    return {
      real: imageTensor(taken).reshape([size, batchSize, ...image]), // [critics, batch, height, width, channels]
      labels: oneHotTensor(taken, classes).reshape([size, batchSize, classes]),
      fake: tf.gather(fakes.images, tf.tensor1d(chosen, 'int32')).reshape([size, batchSize, ...image]),
      mix: tf.tensor(mix, [size, batchSize, 1, 1, 1]),
    };
  }

  dispose(): void {
    this.#adam.dispose();
    this.group.dispose();
  }
}

/** Rows with a black image of the first class behind them, for shards without records. */
export function withBlackRow(rows: LabeledImages): LabeledImages {
  const size = rows.height * rows.width * rows.channels;
  const data = new Uint8Array((rows.count + 1) * size);
  data.set(rows.data.subarray(0, rows.count * size));
  const labels = new Uint8Array(rows.count + 1);
  labels.set(rows.labels.subarray(0, rows.count));
  return { ...rows, data, labels, count: rows.count + 1 };
}

function placesByClass(labels: ArrayLike<number>, classes: number): number[][] {
  const places: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) places[labels[i]!]?.push(i);
  return places;
}
