import type { Checkpoint, PretrainedStore } from '../contract.js';

/**
 * A store that keeps nothing for other runs: training on images that this run has released and paid for is this run's alone. Its
 * state is kept in the run's own checkpoint.
 */
export function trainedHere(checkpoint: Checkpoint): PretrainedStore {
  return { take: async (pretraining) => void (await pretraining.train(checkpoint)) };
}
