import type { Layer } from './layer.js';
import { copiedParameter, copies } from './weight-probe.js';

/**
 * One learned number that multiplies its input `[batch, ...]`, such as the weight of a residual branch.
 *
 * @example
 * const layer = scale({ name: 'branch' });   // branch.scale []
 */
export function scale({ name }: { name: string }): Layer {
  const weight = `${name}.scale`;
  return {
    kind: 'scale',
    parameters: { [weight]: copiedParameter([], 1) },
    probeShape: ([batch]) => [batch!, 1],
    apply: (weights, input, probe) => {
      const batch = input.shape[0]!;
      const factor = copies(weights[weight]!, batch, probe);
      return input.mul(factor.reshape([batch, ...input.shape.slice(1).map(() => 1)]));
    },
  };
}
