import type { DiffusionParameters } from './parameters.js';

type Schedule = Pick<DiffusionParameters, 'learningRate' | 'warmUpSteps' | 'decayedPart' | 'steps'>;

/** The learning rate of a step, from 1: it rises over the first steps and falls linearly over the last part of them. */
export function learningRateAt(step: number, { learningRate, warmUpSteps, decayedPart, steps }: Schedule): number {
  const rising = step / (warmUpSteps + 1);
  const falling = decayedPart === 0 ? 1 : (steps - step + 1) / (decayedPart * steps + 1);
  return learningRate * Math.min(1, rising, falling);
}
