import { check } from '../../core/check.js';
import type { Composite } from './composite.js';
import { dense, type DenseOptions } from './dense.js';
import { inRole } from './role.js';

export interface LowRankOptions extends DenseOptions {
  readonly rank: number;
  /** What multiplies the adapter's output. Default 1. */
  readonly scale?: number;
}

/**
 * A dense layer with a low-rank adapter (Hu et al. 2021, arXiv 2106.09685): `input . kernel + bias + scale input . A . B`. To adapt,
 * train the parameters with the role 'adapter' only: a kernel that is not trained has no gradients and costs nothing for
 * them. B starts at zero, so that the adapter changes nothing at first, and A is drawn from N(0, 1 / rank²). Images
 * `[batch, height, width, inputs]` are fine too: then it stands for a 1 x 1 convolution.
 *
 * @throws OptionError for a rank that is no whole number above 0.
 * @example
 * const layer = lowRank({ name: 'q', inputs: 64, outputs: 64, rank: 4 });
 * // q.kernel [64, 64], q.bias [64], q.down.kernel [64, 4], q.up.kernel [4, 64]
 */
export function lowRank({ rank, scale = 1, ...options }: LowRankOptions): Composite {
  check('count', 'lowRank', { rank });
  const { name, inputs, outputs } = options;
  const base = dense(options);
  const down = dense({
    name: `${name}.down`,
    inputs,
    outputs: rank,
    bias: false,
    initial: { law: 'normal', deviation: 1 / rank },
  });
  const up = dense({ name: `${name}.up`, inputs: rank, outputs, bias: false, initial: { law: 'constant', value: 0 } });
  return {
    layers: [base, inRole('adapter', down), inRole('adapter', up)],
    apply: (tape, input) => tape.use(base, input).add(tape.use(up, tape.use(down, input)).mul(scale)),
  };
}
