import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor } from '../../tensor/index.js';
import { latentNorm, residualBlock } from '../autoencoder/residual-block.js';
import { initialParameters } from '../initial-parameters.js';
import type { Composite } from '../layers/composite.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { embedding } from '../layers/embedding.js';
import type { Layer } from '../layers/layer.js';
import { upsample } from '../layers/resample.js';
import { inRole } from '../layers/role.js';
import type { NetworkParameters } from '../parameters.js';
import { pytorchInitial } from '../pytorch-initial.js';
import type { Tape } from '../tape.js';
import { planLatentUnet, type LatentStep, type LatentUnetOptions } from './plan.js';
import { transformer } from './transformer.js';

export interface LatentUnet {
  readonly options: LatentUnetOptions;
  /**
   * In the roles 'class' (the table of tokens), 'time', 'stem', 'residual', 'resample', 'norm', 'transformer', 'fixed transformer'
   * (those before `tunedFrom`), 'adapter' and 'output'.
   */
  readonly layers: readonly Layer[];
  /** Parameters before training, by a stream that repeats them. */
  initialise(stream: SeededStream): NetworkParameters;
  /**
   * @param latents noisy, `[rows, height, width, channels]`.
   * @param times `[rows]`: steps of the noise schedule.
   * @param labels one-hot `[rows, classes]`; a row of zeros is no label.
   * @returns the noise in them, as guessed: the shape of the latents.
   */
  apply(tape: Tape, latents: Tensor, times: Tensor, labels: Tensor): Tensor;
}

/** Of the norms of the residual blocks. */
const epsilon = 1e-5;

/**
 * The U-Net of latent diffusion with class tokens (Rombach et al. 2022, arXiv 2112.10752), as DP-LDM and DP-LoRA train it. At first its
 * output is 0. `latentUnetSizes` has the sizes of DPImageBench.
 *
 * @throws OptionError for sizes that do not fit the latents.
 * @example
 * const network = latentUnet({ shape: { height: 14, width: 14, channels: 3 }, classes: 10, ...latentUnetSizes['28'] });
 * const parameters = network.initialise(new SeededStream(1));   // 7,107,139 values and 10 tokens of 512
 * const trained = parameterNames(network.layers, { roles: ['transformer', 'class'] });
 */
export function latentUnet(options: LatentUnetOptions): LatentUnet {
  const { shape, classes, features, contextSize = 512, groupWidth = 1 } = options;
  const plan = planLatentUnet(options);
  const size = 4 * features;
  const table = inRole('class', embedding({ name: 'label', count: classes, size: contextSize }));
  const first = inRole('time', dense({ name: 'time0', inputs: features, outputs: size }));
  const second = inRole('time', dense({ name: 'time1', inputs: size, outputs: size }));
  const stem = inRole('stem', conv2d({ name: 'stem', inputs: shape.channels, outputs: features }));
  const stages = (steps: readonly LatentStep[]) => steps.map((step) => stage(step, options));
  const [down, middle, up] = [stages(plan.down), stages(plan.middle), stages(plan.up)];
  const top = plan.up.at(-1)!.outputs;
  const lastNorm = latentNorm({ name: 'out.norm', channels: top, groupWidth, epsilon, silu: true });
  const initial = { law: 'constant', value: 0 } as const;
  const last = inRole('output', conv2d({ name: 'out.conv', inputs: top, outputs: shape.channels, initial }));
  const layers = pytorchInitial([
    ...[table, first, second, stem],
    ...[...down, ...middle, ...up].flatMap((stage) => stage.layers),
    ...[lastNorm, last],
  ]);
  return {
    options,
    layers,
    initialise: (stream) => initialParameters(layers, stream),
    apply: (tape, latents, times, labels) => {
      const token = tape.use(table, labels).reshape([-1, 1, contextSize]); // [rows, 1, contextSize]
      const level = tape.use(second, silu(tape.use(first, timeSinusoids(times, features)))); // [rows, 4 features]
      const condition = silu(level);
      let x = tape.use(stem, latents);
      const waiting = [x];
      for (const stage of down) waiting.push((x = stage.apply(tape, x, condition, token)));
      for (const stage of middle) x = stage.apply(tape, x, condition, token);
      for (const stage of up) {
        if (stage.joins) x = tf.concat([x, waiting.pop()!], 3);
        x = stage.apply(tape, x, condition, token);
      }
      return tape.use(last, tape.use(lastNorm, x));
    },
  };
}

/**
 * Cosines, then sines, `[rows, size]` of times `[rows]` by frequencies from 1 down towards 1/10000: exp(-ln(10000) i / (size / 2)). The
 * pixel networks' have sines first and another divisor.
 */
export function timeSinusoids(times: Tensor, size: number): Tensor {
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, i) => 10000 ** (-i / half));
  const angles = times.reshape([-1, 1]).mul(tf.tensor2d([frequencies])); // [rows, size / 2]
  return tf.concat([angles.cos(), angles.sin()], 1);
}

/** A step of the plan, with the transformer behind it where it has one. */
function stage(step: LatentStep, options: LatentUnetOptions) {
  const { features, contextSize = 512, headWidth = 8, groupWidth = 1, tunedFrom = 1, rank = 0 } = options;
  const { name, inputs, outputs, kind, joins } = step;
  if (kind !== 'block') {
    const between = resampling(step);
    return { joins, layers: between.layers, apply: (tape: Tape, x: Tensor): Tensor => between.apply(tape, x) };
  }
  const sizes = { name, inputs, outputs, groupWidth, epsilon };
  const block = residualBlock({ ...sizes, conditionSize: 4 * features, startsAsNothing: true });
  const role = (step.transformer ?? 0) >= tunedFrom ? 'transformer' : 'fixed transformer';
  const attention =
    step.transformer === undefined
      ? undefined
      : transformer({ name: `${name}.attention`, channels: outputs, contextSize, headWidth, groupWidth, rank, role });
  return {
    joins,
    layers: [...block.layers, ...(attention?.layers ?? [])],
    apply: (tape: Tape, x: Tensor, condition: Tensor, token: Tensor): Tensor => {
      const h = block.apply(tape, x, condition);
      return attention ? attention.apply(tape, h, token) : h;
    },
  };
}

/** A convolution that halves or doubles the sides. */
function resampling({ name, inputs, outputs, kind }: LatentStep): Composite {
  if (kind === 'double') {
    const layer = inRole('resample', conv2d({ name, inputs, outputs }));
    return { layers: [layer], apply: (tape, x) => tape.use(layer, upsample(x)) };
  }
  const layer = inRole('resample', conv2d({ name, inputs, outputs, stride: 2 }));
  return {
    layers: [layer],
    // Zeros on all sides, where TensorFlow's padding of even sides has them at the bottom and at the right only: with one line
    // more on every side its first outputs are those, and its last one is too many.
    apply: (tape, x) => {
      const [rows, height, width] = x.shape as [number, number, number, number];
      const wide = tape.use(layer, x.pad([[0, 0], [1, 1], [1, 1], [0, 0]])); // prettier-ignore
      return wide.slice([0, 0, 0, 0], [rows, height / 2, width / 2, outputs]);
    },
  };
}

const silu = (x: Tensor): Tensor => x.mul(x.sigmoid());
