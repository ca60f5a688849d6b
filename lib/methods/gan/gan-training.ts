import type { SeededStream } from '../../core/rng.js';
import { Adam } from '../../nn/adam.js';
import { Ema } from '../../nn/ema.js';
import { drawInput } from '../../nn/generators/draw-images.js';
import { GeneratorGradient } from '../../nn/generators/generator-gradient.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { Checkpoint } from '../contract.js';
import { learningRateAt } from '../diffusion/learning-rate.js';
import { StageCheckpoint } from '../stage-checkpoint.js';
import { Fakes, labelsInParts } from './fakes.js';
import type { Gan } from './gan.js';
import { generatorLoss } from './hinge-losses.js';
import type { GanParameters } from './parameters.js';

interface GanTrainingOptions {
  /** Of the checkpoint: `public` or `private`. */
  readonly stage: string;
  readonly params: GanParameters;
  /** Classes that images are generated of. */
  readonly classes: number;
  readonly checkpoint: Checkpoint;
  readonly stream: SeededStream;
}

/**
 * One stage of training a GAN, with new optimizers and a new average of the generator: the critic moves along gradients that
 * come from outside, by DP-SGD or without privacy; after every few of them the generator moves against the critic, by
 * generated images alone.
 *
 * @example
 * training.renewFakes(step);
 * training.step(await dpSgd.next(), { step, steps });   // draws: training.fakes.draws
 */
export class GanTraining {
  readonly fakes: Fakes;
  /** Of the generator's weights: what images are drawn from. */
  readonly average: Ema;
  readonly kept: StageCheckpoint;
  readonly #criticAdam: Adam;
  readonly #generatorAdam: Adam;
  readonly #gradient: GeneratorGradient;

  constructor(
    readonly gan: Gan,
    readonly options: GanTrainingOptions,
  ) {
    const { stage, params, classes, checkpoint } = options;
    const { generator, critic, criticWeights } = gan;
    const { fakes: count, generatorPart: part, momentum, emaRate, precision } = params;
    this.fakes = new Fakes(generator, { count, part, classes });
    this.average = new Ema(generator.parameters, { rate: emaRate });
    this.#criticAdam = new Adam(criticWeights, momentum);
    this.#generatorAdam = new Adam(generator.parameters, momentum);
    this.#gradient = new GeneratorGradient(generator, generatorLoss(critic, Object.keys(criticWeights)), { precision });
    this.kept = new StageCheckpoint(stage, checkpoint, {
      networks: { critic: criticWeights, generator: generator.parameters, 'generator state': generator.state },
      states: { 'critic Adam': this.#criticAdam, 'generator Adam': this.#generatorAdam, average: this.average },
    });
  }

  /** New fakes for a step of the critic; the same for the same step of a resumed run. */
  renewFakes(step: number): void {
    this.fakes.renew(this.options.stream.fork(`fakes ${step}`));
  }

  /** One step of the critic along gradients by name, which it disposes, and of the generator where it is its turn. */
  step(gradients: Record<string, Tensor>, { step, steps }: { readonly step: number; readonly steps: number }): void {
    const { criticRate, generatorRate, criticSteps, decayedPart } = this.options.params;
    const rate = learningRateAt(step, { learningRate: 1, warmUpSteps: 0, decayedPart, steps });
    this.#criticAdam.apply(gradients, criticRate * rate);
    tf.dispose(gradients);
    if (step % criticSteps !== 0) return;
    this.#moveGenerator(this.options.stream.fork(`generator ${step}`), generatorRate * rate);
    this.average.update();
  }

  /** Minus the mean score by the critic as it is now, over a batch that is generated in parts. */
  #moveGenerator(stream: SeededStream, learningRate: number): void {
    const { params, classes } = this.options;
    const { generator, criticWeights } = this.gan;
    const { generatorBatch, generatorPart } = params;
    tf.tidy(() => {
      const ofParts = labelsInParts(generatorBatch, generatorPart, classes).map((ofPart, i) => {
        const { latents, labels } = drawInput(generator, ofPart, stream.fork(`part ${i}`));
        const { gradients } = this.#gradient.at(latents, labels, ...Object.values(criticWeights));
        return { share: ofPart.length / generatorBatch, gradients };
      });
      const mean = (name: string) => tf.addN(ofParts.map(({ share, gradients }) => gradients[name]!.mul(share)));
      const names = Object.keys(generator.parameters);
      const gradients = Object.fromEntries(names.map((name) => [name, mean(name)]));
      this.#generatorAdam.apply(gradients, learningRate);
    });
  }

  dispose(): void {
    this.fakes.dispose();
    this.average.dispose();
    this.#criticAdam.dispose();
    this.#generatorAdam.dispose();
    this.#gradient.dispose();
  }
}
