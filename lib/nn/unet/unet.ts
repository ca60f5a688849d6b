import { OptionError } from '../../core/errors.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor, type Tensor1D } from '../../tensor/index.js';
import type { Network } from '../edm.js';
import { initialParameters } from '../initial-parameters.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { embedding } from '../layers/embedding.js';
import type { Layer } from '../layers/layer.js';
import { inRole } from '../layers/role.js';
import type { NetworkParameters } from '../parameters.js';
import type { Tape } from '../tape.js';
import { attentionBlock, nearZero, norm, residualBlock, sinusoids } from './blocks.js';
import { fromPatches, toPatches } from './patches.js';
import { planUnet, type Step, type UnetOptions } from './plan.js';

export interface Unet {
  readonly options: UnetOptions;
  /** In the roles 'embedding' (of labels and noise level), 'stem', 'residual', 'attention', 'norm' and 'output'. */
  readonly layers: readonly Layer[];
  /** Parameters before training, by a stream that repeats them. */
  initialise(stream: SeededStream): NetworkParameters;
  /**
   * @param images `[rows, height, width, channels]`.
   * @param condition `[rows]`: what it is told of the noise level.
   * @param labels one-hot `[rows, classes + 1]`, the last column for no label; not given when there are no classes.
   * @returns the shape of the images.
   */
  apply(tape: Tape, images: Tensor, condition: Tensor, labels?: Tensor): Tensor;
}

/**
 * The score network of the pixel methods: NCSN++ blocks (Song et al. 2021, arXiv 2011.13456) in the DDPM++ layout, without
 * dropout and FIR filters. At first its output is 0 but for 1e-3 at most. `unetSizes` has the sizes of the papers.
 *
 * @throws OptionError for sizes that do not fit the images.
 * @example
 * const network = unet({ shape: { height: 28, width: 28, channels: 1 }, classes: 10, ...unetSizes['28'] });
 * const parameters = network.initialise(new SeededStream(1));   // 1,485,217 values
 * const trained = parameterNames(network.layers, { roles: ['attention', 'embedding', 'stem'] });
 */
export function unet(options: UnetOptions): Unet {
  const { classes, features, patch = 1 } = options;
  const plan = planUnet(options);
  const conditionSize = 4 * features;
  const table = inRole('embedding', embedding({ name: 'label', count: classes + 1, size: features }));
  const first = inRole('embedding', dense({ name: 'condition0', inputs: features, outputs: conditionSize }));
  const second = inRole('embedding', dense({ name: 'condition1', inputs: conditionSize, outputs: conditionSize }));
  const { map, channels } = labelMap(options);
  const stem = inRole('stem', conv2d({ name: 'stem', inputs: plan.imageChannels + channels, outputs: plan.stem }));
  const stages = (steps: readonly Step[]) => steps.map((step) => stage(step, conditionSize));
  const [down, middle, up] = [stages(plan.down), stages(plan.middle), stages(plan.up)];
  const top = plan.up.at(-1)!.outputs;
  const lastNorm = norm('out.norm', top, true);
  const last = inRole('output', conv2d({ name: 'out.conv', inputs: top, outputs: plan.imageChannels, gain: nearZero }));

  /** One vector `[rows, conditionSize]` of noise level and label, as all blocks take it. */
  const describe = (tape: Tape, condition: Tensor, labels: Tensor | undefined): Tensor => {
    checkLabels(classes, labels);
    const level = sinusoids(condition, features);
    const both = labels ? level.add(tape.use(table, labels)) : level; // [rows, features]
    return silu(tape.use(second, silu(tape.use(first, both))));
  };
  const layers = [
    ...(classes > 0 ? [table] : []),
    ...(map ? [map.layer] : []),
    ...[first, second, stem],
    ...[...down, ...middle, ...up].flatMap((stage) => stage.layers),
    ...[lastNorm, last],
  ];
  return {
    options,
    layers,
    initialise: (stream) => initialParameters(layers, stream),
    apply: (tape, images, condition, labels) => {
      const told = describe(tape, condition, labels);
      const seen = toPatches(images, patch);
      let x = tape.use(stem, map ? tf.concat([seen, map.apply(tape, labels!)], 3) : seen);
      const waiting = options.lean ? [] : [x];
      for (const stage of down) {
        x = stage.apply(tape, x, told);
        if (stage.waits) waiting.push(x);
      }
      for (const stage of middle) x = stage.apply(tape, x, told);
      for (const stage of up) {
        if (stage.joins) x = tf.concat([x, waiting.pop()!], 3);
        x = stage.apply(tape, x, told);
      }
      return fromPatches(tape.use(last, tape.use(lastNorm, x)), patch);
    },
  };
}

/**
 * The network as loss and samplers take it, with int32 labels `[rows]`, the weights being the tape's.
 *
 * @example
 * const losses: ExampleLosses = (tape, images, noise, scales, labels) =>
 *   denoisingLoss(networkOf(network, tape), images, noise, scales as Tensor2D, labels as Tensor1D);
 * const denoiser = denoiserOf(networkOf(network, forwardTape(parameters)), edm);
 */
export function networkOf(unet: Unet, tape: Tape): Network {
  const { classes } = unet.options;
  // By one-hot rows, as looking a row of a table up by its number cannot be recorded.
  const oneHot = (labels: Tensor1D | undefined) =>
    labels && classes > 0 ? tf.oneHot(labels, classes + 1).toFloat() : labels;
  return (images, condition, labels) => unet.apply(tape, images, condition, oneHot(labels));
}

/** A residual block, and attention where the step has it. */
function stage(step: Step, conditionSize: number) {
  const block = residualBlock(step, conditionSize);
  const attention = step.attention ? attentionBlock(`${step.name}.attention`, step.outputs) : undefined;
  return {
    joins: step.joins,
    waits: step.waits,
    layers: [...block.layers, ...(attention?.layers ?? [])],
    apply: (tape: Tape, x: Tensor, told: Tensor): Tensor => {
      const h = block.apply(tape, x, told);
      return attention ? attention.apply(tape, h) : h;
    },
  };
}

/** A learned picture for each label, `[rows, height / patch, width / patch, channels]`. */
function labelMap({ shape, classes, patch = 1, labelMap: channels = 0 }: UnetOptions) {
  if (channels === 0 || classes === 0) return { map: undefined, channels: 0 };
  const [height, width] = [shape.height / patch, shape.width / patch];
  const size = height * width * channels;
  const layer = inRole('embedding', embedding({ name: 'labelMap', count: classes + 1, size, deviation: 0.1 }));
  const apply = (tape: Tape, labels: Tensor) => tape.use(layer, labels).reshape([-1, height, width, channels]);
  return { map: { layer, apply }, channels };
}

const silu = (x: Tensor): Tensor => x.mul(x.sigmoid());

function checkLabels(classes: number, labels: Tensor | undefined): void {
  if (labels ? classes > 0 && labels.shape.at(-1) === classes + 1 : classes === 0) return;
  throw new OptionError({
    asked: 'unet',
    wrong: labels ? 'the labels do not fit the classes' : 'there are no labels',
    got: labels?.shape,
    expected: classes > 0 ? `one-hot rows [rows, ${classes + 1}]` : 'none: the network has no classes',
    next: classes > 0 ? `The label ${classes} stands for none.` : undefined,
  });
}
