import type { ComposedLosses } from './pld-compose.js';

/**
 * The epsilon at which E[(1 - exp(epsilon - loss))+] over the losses falls to a delta, at least 0; the bottom of the
 * window when that is not reached in it. Between two losses of the grid the expectation is a - b exp(epsilon), solved
 * exactly.
 */
function epsilonAt({ bottom, spacing, masses, theta, logMoment }: ComposedLosses, delta: number): number {
  const discount = Math.exp(-spacing);
  const logScale = logMoment - Math.log(delta);
  let sum = 0; // of the masses above epsilon, without weights, over delta
  let discounted = 0; // of these masses times exp(current loss - loss)
  for (let k = masses.length - 1; k >= 0; k--) {
    // Here epsilon runs from the loss of k down to the loss of k - 1.
    const loss = bottom + k * spacing;
    if (loss <= 0 && k < masses.length - 1) return 0;
    const mass = masses[k]! === 0 ? 0 : masses[k]! * Math.exp(logScale - theta * loss);
    sum += mass;
    discounted += mass;
    if (sum > 1) {
      const epsilon = loss + Math.log((sum - 1) / discounted);
      if (epsilon >= loss - spacing) return Math.max(0, epsilon);
    }
    discounted *= discount;
  }
  return Math.max(0, bottom);
}

const errorAt = ({ logError, theta }: ComposedLosses, epsilon: number) => Math.exp(logError - theta * epsilon);

/** Above the true epsilon: everything that may be missing is charged to delta. */
export function epsilonAbove(losses: ComposedLosses, delta: number): number {
  const finite = delta - losses.infinity;
  if (finite <= 0) return Infinity;
  // The error falls with epsilon, so that at the first, smaller epsilon covers the second.
  const charged = finite - errorAt(losses, epsilonAt(losses, finite));
  return charged <= 0 ? Infinity : epsilonAt(losses, charged);
}

/** Below the true epsilon: everything that may be there by mistake is taken off. */
export function epsilonBelow(losses: ComposedLosses, delta: number): number {
  const error = 2 * errorAt(losses, epsilonAt(losses, delta));
  if (!(error < delta)) return 0;
  const epsilon = epsilonAt(losses, delta + error);
  // Not trusted where the error has doubled on the way, nor at the bottom of the window.
  return errorAt(losses, epsilon) <= error && epsilon > losses.bottom ? epsilon : 0;
}
