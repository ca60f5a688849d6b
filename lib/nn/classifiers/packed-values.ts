import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor, type Tensor1D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import type { ModuleParameter } from './module.js';

const sizeOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/**
 * Named tensors as one vector and back. An optimizer, an average and a graph that take one vector instead of hundreds of small
 * tensors cost next to nothing for each.
 *
 * @example
 * const packing = new Packing({ kernel: [3, 3, 1, 16], bias: [16] });
 * packing.unpack(vector).kernel   // [3, 3, 1, 16]
 */
export class Packing {
  /** Length of the vector. */
  readonly size: number;
  readonly #entries: readonly (readonly [name: string, shape: readonly number[]])[];

  constructor(readonly shapes: Readonly<Record<string, readonly number[]>>) {
    this.#entries = Object.entries(shapes);
    this.size = this.#entries.reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
  }

  unpack(vector: Tensor1D): Record<string, Tensor> {
    if (this.#entries.length === 0) return {};
    const parts = tf.split(
      vector,
      this.#entries.map(([, shape]) => sizeOf(shape)),
    );
    return Object.fromEntries(this.#entries.map(([name, shape], i) => [name, parts[i]!.reshape([...shape])]));
  }

  /** Names that the packing does not know are left out. */
  pack(values: Weights): Tensor1D {
    if (this.#entries.length === 0) return tf.zeros([0]);
    return tf.concat1d(this.#entries.map(([name]) => values[name]!.reshape([-1]) as Tensor1D));
  }
}

/** A parameter's values before training. */
export function drawn({ shape, initial }: ModuleParameter, stream: SeededStream): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (initial.law === 'constant') return values.fill(initial.value);
  if (initial.law === 'normal') stream.fillNormal(values, initial.deviation);
  else {
    const bound = Math.sqrt(3 * initial.variance); // uniform in [-bound, bound] has the variance bound² / 3
    for (let i = 0; i < values.length; i++) values[i] = (2 * stream.uniform() - 1) * bound;
  }
  return values;
}

/** All parameters before training as one vector: each from a stream of its own, by its name. */
export function drawnVector(parameters: Readonly<Record<string, ModuleParameter>>, stream: SeededStream): Tensor1D {
  const values = Object.entries(parameters).map(([name, parameter]) => drawn(parameter, stream.fork(name)));
  const vector = new Float32Array(values.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of values) {
    vector.set(part, at);
    at += part.length;
  }
  return tf.tensor1d(vector);
}
