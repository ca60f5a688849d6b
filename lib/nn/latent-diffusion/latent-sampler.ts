import { check } from '../../core/check.js';
import type { Images } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import type { SeededStream } from '../../core/rng.js';
import { imageBytes, replay, tf, type Replay, type Tensor, type Tensor1D, type Tensor4D } from '../../tensor/index.js';
import type { Layer } from '../layers/layer.js';
import type { NetworkParameters } from '../parameters.js';
import { standardNormal } from '../samplers/sampling.js';
import { forwardTape, type Tape } from '../tape.js';
import type { LatentNetworks } from './noise-losses.js';
import { ddimSteps } from './noise-schedule.js';

export interface LatentSamplerOptions {
  /** Steps of DDIM, each a call of the U-Net. */
  readonly steps: number;
  /** In [0, 1]: 0 is deterministic, 1 has as much fresh noise as DDPM. */
  readonly eta: number;
  /** Weight w >= 0 of classifier-free guidance; 0 is none, anything else doubles the work. */
  readonly guidance: number;
  /** Images made at a time. */
  readonly batchSize: number;
  readonly precision?: 'float32' | 'bfloat16';
}

/** What one call of `sample` has differently. */
interface LatentSamplerCall {
  readonly steps?: number;
  readonly signal?: AbortSignal;
}

/** A label that is none: its row of the one-hot labels is all zeros. */
const none = -1;

/**
 * Draws images from latent diffusion by the parameters as they are at each call: latents by DDIM, and images from them by the
 * decoder, from two recorded graphs.
 *
 * @throws OptionError when the guidance is negative; at a call when steps or eta are out of range.
 * @example
 * const sampler = new LatentSampler({ autoencoder, unet }, parameters, { steps: 200, eta: 1, guidance: 0, batchSize: 500 });
 * const images = await sampler.sample([0, 1, 2], stream);   // bytes [3, height, width, channels]
 * sampler.dispose();
 */
export class LatentSampler {
  readonly #guess: Graph;
  readonly #decode: Graph;

  constructor(
    readonly networks: LatentNetworks,
    parameters: NetworkParameters,
    readonly options: LatentSamplerOptions,
  ) {
    check('notNegative', 'LatentSampler', { guidance: options.guidance });
    const { autoencoder, unet } = networks;
    const { classes } = unet.options;
    const guess = (tape: Tape, latents: Tensor, times: Tensor, labels: Tensor) =>
      unet.apply(tape, latents, times, tf.oneHot(labels as Tensor1D, classes).toFloat());
    const decode = (tape: Tape, latents: Tensor) => autoencoder.decode(tape, latents);
    this.#guess = graphOf('the U-Net', guess, { parameters, layers: unet.layers, options });
    this.#decode = graphOf('the decoder', decode, { parameters, layers: autoencoder.decoderLayers, options });
  }

  /** One image for each label; the stream decides which. */
  async sample(labels: ArrayLike<number>, stream: SeededStream, call: LatentSamplerCall = {}): Promise<Images> {
    const { shape } = this.networks.autoencoder.options;
    const { batchSize, eta, steps: ownSteps } = this.options;
    const steps = ddimSteps({ steps: call.steps ?? ownSteps, eta });
    const size = shape.height * shape.width * shape.channels;
    const data = new Uint8Array(labels.length * size);
    const task = new ProgressTask('sampling images', steps.length * Math.ceil(labels.length / batchSize), call.signal);
    for (let start = 0; start < labels.length; start += batchSize) {
      const part = Array.from(labels).slice(start, start + batchSize);
      const done = (steps.length * start) / batchSize;
      const images = await this.#batch(part, stream.fork(`from ${start}`), { steps, task, done });
      data.set(images.data.subarray(0, part.length * size), start * size);
    }
    task.done();
    return { data, count: labels.length, ...shape };
  }

  dispose(): void {
    this.#guess.dispose();
    this.#decode.dispose();
  }

  /** A whole batch, so that one graph serves all; rows that are missing at the end have no label. */
  async #batch(
    labels: readonly number[],
    stream: SeededStream,
    walk: { readonly steps: ReturnType<typeof ddimSteps>; readonly task: ProgressTask; readonly done: number },
  ): Promise<Images> {
    const { batchSize } = this.options;
    const { height, width, channels } = this.networks.autoencoder.latentShape;
    const rows = Int32Array.from({ length: batchSize }, (_, row) => labels[row] ?? none);
    const [known, unknown] = [tf.tensor1d(rows, 'int32'), tf.fill([batchSize], none, 'int32')];
    const fresh = stream.fork('fresh noise');
    let latents = standardNormal([batchSize, height, width, channels], stream);
    try {
      for (const [i, step] of walk.steps.entries()) {
        await walk.task.pause();
        const next = tf.tidy(() => {
          const noise = this.#noise(latents, step.time, known, unknown);
          const moved = latents.mul(step.keep).add(noise.mul(step.fromNoise));
          return step.fresh === 0 ? moved : moved.add(standardNormal(moved.shape, fresh).mul(step.fresh));
        });
        latents.dispose();
        latents = next;
        walk.task.report({ step: walk.done + i + 1 });
      }
      const images = this.#decode.run(latents) as Tensor4D;
      const bytes = await imageBytes(images);
      images.dispose();
      return bytes;
    } finally {
      tf.dispose([known, unknown, latents]);
    }
  }

  /** The noise in latents as guessed, with guidance: (1 + w) times that with the labels less w times that without. */
  #noise(latents: Tensor, time: number, known: Tensor, unknown: Tensor): Tensor {
    const { guidance } = this.options;
    const times = tf.fill([latents.shape[0]!], time);
    const guess = this.#guess.run(latents, times, known);
    if (guidance === 0) return guess;
    return guess.mul(1 + guidance).sub(this.#guess.run(latents, times, unknown).mul(guidance));
  }
}

interface Graph {
  run(...inputs: Tensor[]): Tensor;
  dispose(): void;
}

/** A function of weights and tensors as a recorded graph, with the parameters of its layers as they are at each call. */
function graphOf(
  name: string,
  compute: (tape: Tape, ...inputs: [Tensor, Tensor, Tensor]) => Tensor,
  given: {
    readonly parameters: NetworkParameters;
    readonly layers: readonly Layer[];
    readonly options: Pick<LatentSamplerOptions, 'precision'>;
  },
): Graph {
  const names = given.layers.flatMap(({ parameters }) => Object.keys(parameters));
  const { precision = 'float32' } = given.options;
  const graph: Replay = replay(
    (...tensors) => {
      const weights = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
      return [compute(forwardTape(weights), ...(tensors.slice(names.length) as [Tensor, Tensor, Tensor]))];
    },
    { name, precision },
  );
  return {
    run: (...inputs) => graph.run([...names.map((name) => given.parameters[name]!), ...inputs])[0]!,
    dispose: () => graph.dispose(),
  };
}
