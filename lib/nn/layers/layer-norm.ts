import { check } from '../../core/check.js';
import type { Layer } from './layer.js';
import { copiedParameter, copies } from './weight-probe.js';

export interface LayerNormOptions {
  readonly name: string;
  readonly size: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Layer normalisation (Ba et al. 2016) over the last axis of `[batch, ..., size]`: each vector gets mean 0 and variance 1,
 * then a scale and a shift for each place.
 *
 * @example
 * const layer = layerNorm({ name: 'norm', size: 32 });   // norm.scale [32], norm.shift [32]
 */
export function layerNorm({ name, size, epsilon = 1e-5 }: LayerNormOptions): Layer {
  check('count', 'layerNorm', { size });
  check('positive', 'layerNorm', { epsilon });
  const [scaleName, shiftName] = [`${name}.scale`, `${name}.shift`];
  return {
    kind: 'layerNorm',
    parameters: { [scaleName]: copiedParameter([size], 1), [shiftName]: copiedParameter([size], 0, size) },
    probeShape: ([batch]) => [batch!, 2 * size],
    apply: (weights, input, probe) => {
      const batch = input.shape[0]!;
      const one = [batch, ...input.shape.slice(1, -1).map(() => 1), size];
      const centred = input.sub(input.mean(-1, true));
      const normal = centred.mul(centred.square().mean(-1, true).add(epsilon).rsqrt());
      const scale = copies(weights[scaleName]!, batch, probe).reshape(one);
      return normal.mul(scale).add(copies(weights[shiftName]!, batch, probe, size).reshape(one));
    },
  };
}
