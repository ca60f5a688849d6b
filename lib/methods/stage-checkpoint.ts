import { type NetworkParameters } from '../nn/parameters.js';
import { named, restoreVariables, type TrainingState } from '../nn/training-state.js';
import { tf, type Tensor } from '../tensor/index.js';
import type { Checkpoint } from './contract.js';

/** What a stage of training changes, by names of one's own. */
export interface StageParts {
  readonly networks: Readonly<Record<string, NetworkParameters>>;
  /** Optimizers and averages. */
  readonly states: Readonly<Record<string, TrainingState>>;
}

/** The stages that this process has been through, in which nothing of a later stage can have been saved. */
const passed = new WeakMap<Checkpoint, Set<string>>();

/**
 * The checkpoint of one stage of training (public, private): all of its networks, optimizers and averages, and the step.
 *
 * @example
 * const kept = new StageCheckpoint('private', checkpoint, { networks: { generator: generator.parameters }, states: { adam } });
 * const begun = await kept.resume();
 * if (begun === undefined) return; // a resumed run that is past this stage
 * for (let step = begun + 1; step <= steps; step++) { …; await kept.save(step); }
 */
export class StageCheckpoint {
  constructor(
    readonly stage: string,
    readonly checkpoint: Checkpoint,
    readonly parts: StageParts,
  ) {}

  /**
   * Takes up what an earlier process of the run saved in this stage and gives its step; 0 when there is nothing of this stage,
   * undefined when the run is in a later stage already. Call it once for each stage, in their order.
   */
  async resume(): Promise<number | undefined> {
    const before = passed.get(this.checkpoint) ?? new Set();
    passed.set(this.checkpoint, new Set([...before, this.stage]));
    const saved = await this.checkpoint.load();
    if (!saved) return 0;
    const { stage, step } = saved.values as { stage: string; step: number };
    try {
      if (before.has(stage)) return 0;
      if (stage !== this.stage) return undefined;
      const { networks, states } = this.parts;
      for (const [name, parameters] of Object.entries(networks))
        restoreVariables(name, named(name, parameters), saved.tensors);
      for (const [name, state] of Object.entries(states)) await state.restore(saved.tensors, name);
      return step;
    } finally {
      tf.dispose(saved.tensors as Record<string, Tensor>);
    }
  }

  /** Call it at every step; it writes now and then. */
  save(step: number, options?: { readonly now?: boolean }): Promise<void> {
    const { networks, states } = this.parts;
    const tensors = () => {
      const all = [
        ...Object.entries(networks).map(([name, parameters]) => named(name, parameters)),
        ...Object.entries(states).map(([name, state]) => state.state(name)),
      ];
      return Object.assign({}, ...all) as Record<string, Tensor>;
    };
    return this.checkpoint.save(() => ({ tensors: tensors(), values: { stage: this.stage, step } }), options);
  }
}
