import type { NetworkParameters } from '../../nn/parameters.js';
import { named, restoreVariables } from '../../nn/training-state.js';
import type { Checkpoint } from '../contract.js';

const prefix = 'carried';

/**
 * A checkpoint that keeps a trained network with whatever later stages save, so that a run that goes on in one of them has it
 * again. Loading sets the network, and the stages see the rest.
 */
export function carrying(checkpoint: Checkpoint, network: NetworkParameters): Checkpoint {
  const carried = named(prefix, network);
  return {
    load: async () => {
      const saved = await checkpoint.load();
      if (saved) restoreVariables(prefix, carried, saved.tensors);
      return saved;
    },
    save: (state, options) =>
      checkpoint.save(() => {
        const { tensors, values } = state();
        return { tensors: { ...tensors, ...carried }, values };
      }, options),
  };
}
