import type { SeededStream } from '../../core/rng.js';
import type { PublicFacts } from '../../mechanisms/index.js';
import type { Critic } from '../../nn/critics/critic.js';
import { newCritic } from '../../nn/critics/new-critic.js';
import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import { newGenerator } from '../../nn/generators/new-generator.js';
import { initialParameters } from '../../nn/initial-parameters.js';
import { disposeAll, type NetworkParameters } from '../../nn/parameters.js';
import type { FitContext } from '../contract.js';
import type { GanParameters } from './parameters.js';

export type GanContext = FitContext<GanParameters>;

/** A generator of images by class and the critic that it is trained against. */
export class Gan {
  readonly generator: ConditionalGenerator;
  readonly critic: Critic;
  readonly criticWeights: NetworkParameters;

  /** @param classes length of a one-hot label; at least the private classes. */
  constructor({ shape }: PublicFacts, params: GanParameters, classes: number, stream: SeededStream) {
    this.critic = newCritic(params.critic, { shape, classes });
    const { generator, latentSize } = params;
    this.generator = newGenerator(generator, { shape, classes, latentSize, stream: stream.fork('generator') });
    this.criticWeights = initialParameters(this.critic.layers, stream.fork('critic'));
  }

  dispose(): void {
    this.generator.dispose();
    disposeAll(this.criticWeights);
  }
}
