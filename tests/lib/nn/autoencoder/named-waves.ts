import { tf, type Tensor, type Variable } from '../../../../lib/tensor/index.js';
import type { Layer } from '../../../../lib/nn/layers/layer.js';
import { wave } from '../generators/waves.js';

/** Weights by their names, as tests/golden/latent_layers.py makes them. */
export function namedWaves(layers: readonly Layer[]): Record<string, Variable> {
  const all = layers.flatMap(({ parameters }) => Object.entries(parameters));
  return tf.tidy(() => Object.fromEntries(all.map(([name, { shape }]) => [name, tf.variable(weight(name, shape))])));
}

function weight(name: string, shape: readonly number[]): Tensor {
  const values = wave(shape, [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)); // prettier-ignore
  if (name.endsWith('.scale')) return values.mul(0.3).add(1);
  const fanIn = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return name.endsWith('.kernel') ? values.mul(2 / Math.sqrt(fanIn)) : values;
}

/** A wave `[rows, channels, height, width]`, PyTorch's order, as `[rows, height, width, channels]`. */
export function channelsLast([rows, height, width, channels]: readonly number[], phase: number): Tensor {
  return tf.tidy(() => wave([rows!, channels!, height!, width!], phase).transpose([0, 2, 3, 1]));
}
