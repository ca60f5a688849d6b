import type { Tensor } from '../tensor/index.js';
import type { TrainingState } from './training-state.js';

/** Moves parameters along gradients. */
export interface Optimizer extends TrainingState {
  /** One step along gradients, by parameter name, which stay the caller's. */
  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): void;
  dispose(): void;
}
