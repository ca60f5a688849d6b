import { check } from '../core/check.js';
import type { Images } from '../core/images.js';
import { ProgressTask } from '../core/progress.js';
import type { SeededStream } from '../core/rng.js';
import { imageBytes, imageTensor, tf, type Tensor, type Tensor4D } from '../tensor/index.js';
import { denoiserOf } from './edm.js';
import type { Preconditioning } from './edm-preconditioning.js';
import type { NetworkParameters } from './parameters.js';
import { sampleDdim } from './samplers/ddim.js';
import { guided } from './samplers/denoiser.js';
import { sampleHeun, type Churn } from './samplers/heun.js';
import { noiseLevelAt } from './samplers/noise-grid.js';
import { standardNormal, type SamplerOptions } from './samplers/sampling.js';
import { ReplayedNetwork } from './unet/replayed-network.js';
import { networkOf, type Unet } from './unet/unet.js';

export interface DiffusionSamplerOptions {
  readonly preconditioning: Preconditioning;
  readonly sampler: 'ddim' | 'heun';
  /** Noise levels that are walked down: DDIM calls the network once for each, Heun nearly twice. */
  readonly steps: number;
  /** Weight w >= 0 of classifier-free guidance; 0 is none, anything else doubles the work. */
  readonly guidance: number;
  /** Of Heun: fresh noise while sampling. */
  readonly churn?: Omit<Churn, 'stream'>;
  /** Images made at a time. */
  readonly batchSize: number;
  readonly precision?: 'float32' | 'bfloat16';
}

/** What one call of `sample` has differently. */
interface SamplerCall
  extends Partial<Pick<DiffusionSamplerOptions, 'sampler' | 'steps'>>, Pick<SamplerOptions, 'signal'> {
  /**
   * Images to begin with in place of pure noise, one for each label, and the part of the walk down the noise levels to go again,
   * in (0, 1]: they get as much noise as there is at that point of the walk (Meng et al. 2022, arXiv 2108.01073).
   */
  readonly again?: { readonly images: Images; readonly part: number };
}

/**
 * Draws images from a denoiser by its parameters as they are at each call, from one recorded graph.
 *
 * @example
 * const sampler = new DiffusionSampler(network, ema.shadow, { preconditioning: edm, sampler: 'heun', steps: 18, guidance: 1, batchSize: 500 });
 * const images = await sampler.sample([0, 1, 2], stream);   // bytes [3, height, width, channels]
 * sampler.dispose();
 */
export class DiffusionSampler {
  readonly #network: ReplayedNetwork;

  constructor(
    readonly unet: Unet,
    parameters: NetworkParameters,
    readonly options: DiffusionSamplerOptions,
  ) {
    this.#network = new ReplayedNetwork(parameters, (tape) => networkOf(unet, tape), options);
  }

  /** One image for each label; the stream decides which. A look at training may take another sampler than the rest. */
  async sample(labels: ArrayLike<number>, stream: SeededStream, call: SamplerCall = {}): Promise<Images> {
    const { signal } = call;
    const { shape } = this.unet.options;
    const { batchSize } = this.options;
    const size = shape.height * shape.width * shape.channels;
    const data = new Uint8Array(labels.length * size);
    const walk = walkOf({ ...this.options, ...call });
    const task = new ProgressTask('sampling images', walk.steps * Math.ceil(labels.length / batchSize), signal);
    for (let start = 0; start < labels.length; start += batchSize) {
      const part = Array.from(labels).slice(start, start + batchSize);
      const done = { task, from: (walk.steps * start) / batchSize };
      const batch = { ...call, ...walk, part: done, first: start };
      const images = await this.#batch(part, stream.fork(`from ${start}`), batch);
      data.set(images.data.subarray(0, part.length * size), start * size);
    }
    task.done();
    return { data, count: labels.length, ...shape };
  }

  dispose(): void {
    this.#network.dispose();
  }

  /** A whole batch, so that one graph serves all; rows that are missing at the end have no label. */
  async #batch(
    labels: readonly number[],
    stream: SeededStream,
    call: SamplerCall & Walk & Pick<SamplerOptions, 'part'> & { readonly first: number },
  ): Promise<Images> {
    const { shape, classes } = this.unet.options;
    const { preconditioning, batchSize, churn, guidance } = this.options;
    const { sampler } = { ...this.options, ...call };
    const { steps, sigmaMax, signal, part } = call;
    const rows = Int32Array.from({ length: batchSize }, (_, row) => labels[row] ?? classes);
    const known = tf.tensor1d(rows, 'int32');
    const noise = standardNormal([batchSize, shape.height, shape.width, shape.channels], stream);
    const start = call.again
      ? noisyImages(call.again.images, { first: call.first, sigmaMax: sigmaMax!, noise })
      : noise.clone();
    noise.dispose();
    const plain = denoiserOf(this.#network.network, preconditioning);
    const denoiser = guided(plain, { weight: guidance, nullLabel: classes });
    const fresh = churn && { churn: { ...churn, stream: stream.fork('churn') } };
    try {
      const images =
        sampler === 'ddim'
          ? await sampleDdim(denoiser, start, { steps, sigmaMax, labels: known, signal, part })
          : await sampleHeun(denoiser, start, { steps, sigmaMax, labels: known, signal, part, ...fresh });
      const shown = tf.tidy(() => images.add(1).div(2) as Tensor4D);
      const bytes = await imageBytes(shown);
      tf.dispose([images, shown]);
      return bytes;
    } finally {
      tf.dispose([known, start]);
    }
  }
}

/** The noise levels of a walk down: their number, and the highest one of a walk that is gone again. */
interface Walk {
  readonly steps: number;
  readonly sigmaMax?: number;
}

function walkOf({ steps, again }: { readonly steps: number } & Pick<SamplerCall, 'again'>): Walk {
  if (!again) return { steps };
  const { part } = again;
  check('fraction', 'sampling again from images', { part });
  return { steps: Math.max(1, Math.round(part * steps)), sigmaMax: noiseLevelAt(part) };
}

/** Images in [-1, 1] with noise at the first level, in its units. Rows that are missing at the end are grey. */
function noisyImages(
  images: Images,
  { first, sigmaMax, noise }: { readonly first: number; readonly sigmaMax: number; readonly noise: Tensor },
): Tensor {
  return tf.tidy(() => {
    const rows = noise.shape[0]!;
    const known = imageTensor(images, first, Math.min(images.count, first + rows))
      .mul(2)
      .sub(1) as Tensor4D;
    const padded = known.pad([
      [0, rows - known.shape[0]],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    return padded.div(sigmaMax).add(noise);
  });
}
