import { createHash } from 'node:crypto';
import { tf, type Tensor, type Variable } from '../tensor/index.js';
import type { SeededStream } from '../core/rng.js';

/** The weights of a network: a flat dictionary by name. */
export type NetworkParameters = Readonly<Record<string, Variable>>;

/** The same by value: variables, or what stands for them while a graph is recorded. */
export type Weights = Readonly<Record<string, Tensor>>;

/** A weight drawn from N(0, 2 / fanIn), the initialisation for layers before a ReLU (He et al. 2015). */
export function heNormal(shape: number[], fanIn: number, stream: SeededStream): Variable {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  stream.fillNormal(values, Math.sqrt(2 / fanIn));
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

/** A weight that starts as one value. */
export function constant(shape: number[], value: number): Variable {
  return tf.tidy(() => tf.variable(tf.fill(shape, value)));
}

/** Variables of the same names and shapes that start at zero and that no gradient is taken by. */
export function zerosLike(parameters: NetworkParameters): NetworkParameters {
  const zeros = (shape: number[]) => tf.tidy(() => tf.variable(tf.zeros(shape), false));
  return Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, zeros(shape)]));
}

/** Copies of all weights, to come back to with `restore`. */
export function snapshot(parameters: NetworkParameters): Tensor[] {
  return Object.values(parameters).map((variable) => tf.keep(variable.clone()));
}

export function restore(parameters: NetworkParameters, copies: readonly Tensor[]): void {
  Object.values(parameters).forEach((variable, i) => variable.assign(copies[i]!));
}

export function disposeAll(parameters: NetworkParameters): void {
  for (const variable of Object.values(parameters)) variable.dispose();
}

/** Number of trained values. */
export function parameterCount(parameters: NetworkParameters): number {
  return Object.values(parameters).reduce((sum, { size }) => sum + size, 0);
}

/** SHA-256 in hex of names, shapes and values: results name the weights that they were made with. */
export async function weightsChecksum(weights: Weights): Promise<string> {
  const hash = createHash('sha256');
  for (const name of Object.keys(weights).sort()) {
    const values = await weights[name]!.data();
    hash.update(JSON.stringify([name, weights[name]!.shape]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
