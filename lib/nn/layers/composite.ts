import type { Tensor } from '../../tensor/index.js';
import type { Tape } from '../tape.js';
import type { Layer } from './layer.js';

/** Layers put together with ops that have no weights, so that the layers' rules give all gradients of single examples. */
export interface Composite {
  /** All of them: their parameters are its own. */
  readonly layers: readonly Layer[];
  apply(tape: Tape, input: Tensor): Tensor;
}

/** One layer as a composite. */
export function single(layer: Layer): Composite {
  return { layers: [layer], apply: (tape, input) => tape.use(layer, input) };
}
