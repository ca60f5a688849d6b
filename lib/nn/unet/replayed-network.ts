import { replay, type Replay, type Tensor, type Tensor1D } from '../../tensor/index.js';
import type { Network } from '../edm.js';
import type { NetworkParameters } from '../parameters.js';
import { forwardTape, type Tape } from '../tape.js';

/** A network as one graph, for samplers that call it many times: recorded at the first call for some number of rows. */
export class ReplayedNetwork {
  readonly #graph: Replay;

  /**
   * @param build the network with a tape's weights, such as `networkOf`.
   * @example
   * const replayed = new ReplayedNetwork(parameters, (tape) => networkOf(unet, tape));
   * const images = await sampleDdim(denoiserOf(replayed.network, edm), start, { steps: 50, labels });
   * replayed.dispose();
   */
  constructor(
    readonly parameters: NetworkParameters,
    build: (tape: Tape) => Network,
    { precision = 'float32' }: { readonly precision?: 'float32' | 'bfloat16' } = {},
  ) {
    const names = Object.keys(parameters);
    const compute = (...tensors: Tensor[]): Tensor[] => {
      const weights = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
      const [images, condition, labels] = tensors.slice(names.length) as [Tensor, Tensor1D, Tensor1D | undefined];
      return [build(forwardTape(weights))(images, condition, labels)];
    };
    this.#graph = replay(compute, { name: 'a network', precision });
  }

  /** With the parameters as they are at each call. */
  readonly network: Network = (images, condition, labels) => {
    const inputs = labels ? [images, condition, labels] : [images, condition];
    return this.#graph.run([...Object.values(this.parameters), ...inputs])[0]!;
  };

  /** Frees the graphs; the parameters stay. */
  dispose(): void {
    this.#graph.dispose();
  }
}
