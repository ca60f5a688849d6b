import type { Layer } from './layer.js';
import { copiedParameter, copies } from './weight-probe.js';

/**
 * A learned tensor that is added to each example, such as a position embedding: input `[batch, ...]`, and a shape that
 * broadcasts to the input's without its first axis.
 *
 * @example
 * const layer = bias({ name: 'positions', shape: [49, 32] });   // positions.bias [49, 32]
 */
export function bias({ name, shape }: { name: string; shape: readonly number[] }): Layer {
  const weight = `${name}.bias`;
  const size = shape.reduce((product, length) => product * length, 1);
  return {
    kind: 'bias',
    parameters: { [weight]: copiedParameter(shape, 0) },
    probeShape: ([batch]) => [batch!, size],
    apply: (weights, input, probe) => {
      const [batch, missing] = [input.shape[0]!, input.rank - 1 - shape.length];
      const ones = Array.from({ length: missing }, () => 1);
      return input.add(copies(weights[weight]!, batch, probe).reshape([batch, ...ones, ...shape]));
    },
  };
}
