import type { NetworkParameters } from '../../nn/parameters.js';
import { named, restoreVariables } from '../../nn/training-state.js';
import type { Checkpoint } from '../contract.js';

const prefix = 'frozen';

/**
 * A checkpoint that keeps weights which a stage uses and does not train, and sets them when something of such a stage is loaded:
 * a resumed run may be past the stage that had trained them.
 */
export function withFrozen(frozen: NetworkParameters, checkpoint: Checkpoint): Checkpoint {
  const tensors = named(prefix, frozen);
  return {
    async load() {
      const saved = await checkpoint.load();
      const has = Object.keys(tensors).some((name) => saved && name in saved.tensors);
      if (saved && has) restoreVariables(prefix, tensors, saved.tensors);
      return saved;
    },
    save: (state, options) =>
      checkpoint.save(() => {
        const { tensors: own, values } = state();
        return { tensors: { ...own, ...tensors }, values };
      }, options),
  };
}
