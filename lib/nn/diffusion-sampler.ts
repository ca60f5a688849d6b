import type { Images, ImageShape } from '../core/images.js';
import { ProgressTask } from '../core/progress.js';
import type { SeededStream } from '../core/rng.js';
import { imageBytes, replay, tf, type Replay, type Tensor, type Tensor2D, type Tensor4D } from '../tensor/index.js';
import { denoise, scaleRows } from './edm.js';
import type { Preconditioning } from './edm-preconditioning.js';
import type { NetworkParameters } from './parameters.js';
import { sampleDdim } from './samplers/ddim.js';
import { sampleHeun } from './samplers/heun.js';
import { standardNormal } from './samplers/sampling.js';
import { forwardTape } from './tape.js';
import type { Unet } from './unet/unet.js';

export interface DiffusionSamplerOptions {
  readonly network: Unet;
  readonly preconditioning: Preconditioning;
  readonly shape: ImageShape;
  readonly sampler: 'ddim' | 'heun';
  /** Noise levels that are walked down: DDIM calls the network once for each, Heun nearly twice. */
  readonly steps: number;
  /** Weight w >= 0 of classifier-free guidance: (1 + w) D(x, y) - w D(x, no label); 0 is none. */
  readonly guidance: number;
  /** Of Heun: fresh noise while sampling, see `Churn`. */
  readonly churn?: { readonly amount: number; readonly sigmaFrom: number; readonly sigmaTo: number };
  /** Images made at a time. */
  readonly batchSize: number;
  readonly precision?: 'float32' | 'bfloat16';
}

/** Draws images from a denoiser: one recorded graph for all noise levels and both halves of guidance. */
export class DiffusionSampler {
  readonly #graph: Replay;

  constructor(
    readonly parameters: NetworkParameters,
    readonly options: DiffusionSamplerOptions,
  ) {
    const { network, guidance, precision } = options;
    const names = Object.keys(parameters);
    const compute = (noisy: Tensor, scales: Tensor, labels: Tensor, ...values: Tensor[]): Tensor[] => {
      const tape = forwardTape(Object.fromEntries(names.map((name, i) => [name, values[i]!])));
      const guess = (known: Tensor) =>
        denoise((x, condition) => network.apply(tape, x, condition, known), noisy, scales as Tensor2D);
      if (guidance === 0) return [guess(labels)];
      const none = tf.concat(
        [tf.zerosLike(labels.slice([0, 0], [-1, network.options.classes])), tf.ones([labels.shape[0]!, 1])],
        1,
      );
      return [
        guess(labels)
          .mul(1 + guidance)
          .sub(guess(none).mul(guidance)),
      ];
    };
    this.#graph = replay(compute, { name: 'the denoiser', precision: precision ?? 'float32' });
  }

  /** One image for each label, `[labels, height, width, channels]` in bytes; the stream decides which. */
  async sample(labels: ArrayLike<number>, stream: SeededStream, signal?: AbortSignal): Promise<Images> {
    const { shape, batchSize } = this.options;
    const size = shape.height * shape.width * shape.channels;
    const data = new Uint8Array(labels.length * size);
    const task = new ProgressTask('sampling images', labels.length, signal);
    for (let start = 0; start < labels.length; start += batchSize) {
      const part = Array.from({ length: Math.min(batchSize, labels.length - start) }, (_, i) => labels[start + i]!);
      const images = await this.#batch(part, stream.fork(`from ${start}`), signal);
      data.set(images.data.subarray(0, part.length * size), start * size);
      task.report({ step: start + part.length });
    }
    task.done();
    return { data, count: labels.length, ...shape };
  }

  dispose(): void {
    this.#graph.dispose();
  }

  /** A whole batch, so that one graph serves all; labels that are missing at the end are the null label. */
  async #batch(labels: readonly number[], stream: SeededStream, signal?: AbortSignal): Promise<Images> {
    const { network, preconditioning, shape, batchSize, steps, sampler, churn } = this.options;
    const columns = network.options.classes + 1;
    const oneHot = new Float32Array(batchSize * columns);
    for (let row = 0; row < batchSize; row++) oneHot[row * columns + (labels[row] ?? network.options.classes)] = 1;
    const known = tf.tensor2d(oneHot, [batchSize, columns]);
    const start = standardNormal([batchSize, shape.height, shape.width, shape.channels], stream);
    const weights = Object.values(this.parameters);
    const denoiser = (noisy: Tensor, sigma: number) =>
      this.#graph.run([noisy, scaleRows(preconditioning, Array<number>(batchSize).fill(sigma)), known, ...weights])[0]!;
    try {
      const options = { steps, signal, task: 'sampling' };
      const images =
        sampler === 'ddim'
          ? await sampleDdim(denoiser, start, options)
          : await sampleHeun(denoiser, start, {
              ...options,
              ...(churn && { churn: { ...churn, stream: stream.fork('churn') } }),
            });
      const shown = tf.tidy(() => images.add(1).div(2) as Tensor4D);
      const bytes = await imageBytes(shown);
      tf.dispose([images, shown]);
      return bytes;
    } finally {
      tf.dispose([known, start]);
    }
  }
}
