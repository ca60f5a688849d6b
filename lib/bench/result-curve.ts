import { revealForDisplay } from '../core/diagnostic.js';
import type { CurvePoint } from '../core/results.js';

/** Points of a curve as a progress display draws them. */
export function showPoints(points: readonly CurvePoint[]): (readonly [step: number, value: number])[] {
  return points.map(({ step, value }) => [step, revealForDisplay(value)] as const);
}
