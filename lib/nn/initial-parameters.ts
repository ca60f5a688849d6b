import type { SeededStream } from '../core/rng.js';
import { OptionError } from '../core/errors.js';
import { tf } from '../tensor/index.js';
import type { Initial, InitialMatrix, Layer } from './layers/layer.js';
import { orthogonal } from './orthogonal.js';
import type { NetworkParameters } from './parameters.js';

/**
 * The parameters of layers before training, in their order. Each is drawn from a stream of its own, by its name: it does not
 * depend on which other layers there are.
 *
 * @throws OptionError when two layers have a parameter of the same name.
 * @example const parameters = initialParameters(unet.layers, new SeededStream(1));
 */
export function initialParameters(layers: readonly Layer[], stream: SeededStream): NetworkParameters {
  const all = layers.flatMap(({ parameters }) => Object.entries(parameters));
  const twice = all.find(([name], i) => all.findIndex(([other]) => other === name) < i);
  if (twice)
    throw new OptionError({ asked: 'initialParameters', wrong: 'two parameters have the same name', got: twice[0] });
  return drawParameters(Object.fromEntries(all), stream);
}

/** What is known of a parameter before it is drawn. */
export interface ParameterPlan {
  readonly shape: readonly number[];
  readonly initial: InitialMatrix;
}

/** Parameters by their plans, in that order, each from a stream of its own name. */
export function drawParameters(
  plans: Readonly<Record<string, ParameterPlan>>,
  stream: SeededStream,
): NetworkParameters {
  const variable = (name: string, { shape, initial }: ParameterPlan) => {
    if (initial.law === 'orthogonal') return orthogonal(shape, stream.fork(name));
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
    fill(values, initial, stream.fork(name));
    return tf.tidy(() => tf.variable(tf.tensor(values, [...shape])));
  };
  return Object.fromEntries(Object.entries(plans).map(([name, plan]) => [name, variable(name, plan)]));
}

/** Number of values of all parameters of layers. */
export function valuesOf(layers: readonly Layer[]): number {
  const shapes = layers.flatMap(({ parameters }) => Object.values(parameters).map(({ shape }) => shape));
  return shapes.reduce((sum, shape) => sum + shape.reduce((product, length) => product * length, 1), 0);
}

function fill(values: Float32Array, initial: Initial, stream: SeededStream): void {
  if (initial.law === 'constant') values.fill(initial.value);
  else if (initial.law === 'normal') stream.fillNormal(values, initial.deviation);
  else {
    const bound = Math.sqrt(3 * initial.variance); // uniform in [-bound, bound] has the variance bound² / 3
    for (let i = 0; i < values.length; i++) values[i] = (2 * stream.uniform() - 1) * bound;
  }
}
