import { ProgressTask } from '../core/progress.js';
import type { SecureStream } from '../core/rng.js';
import { addLatticeGaussian } from './lattice-gaussian.js';
import type { PlannedRelease } from './planned-release.js';

/** Makes what is paid for, whole, whatever is aborted meanwhile: it could not be made again. */
export async function workWhole<T>(of: string, steps: number, compute: (task: ProgressTask) => Promise<T>): Promise<T> {
  const task = new ProgressTask(of, steps);
  const result = await compute(task);
  task.done();
  return result;
}

/** Sums with the noise of their plan; `divisor` is what the planned sensitivity was divided by. */
export function addPlannedGaussian(
  sums: Float64Array,
  release: {
    readonly planned: PlannedRelease;
    readonly divisor: number;
    /** The harness's free noise multiplier. */
    readonly free: number;
    readonly noise: SecureStream;
  },
): Float64Array {
  const { planned, divisor, free, noise } = release;
  const l2Sensitivity = planned.sensitivity * divisor;
  return addLatticeGaussian(sums, { l2Sensitivity, noiseMultiplier: planned.noiseMultiplier(free) }, noise);
}
