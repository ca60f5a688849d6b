import { expect, it } from 'vitest';
import { studentInterval } from '../../../lib/display/student-interval.js';

it('equals scipy.stats.t.interval(level, n - 1, mean, sem)', () => {
  const ten = [0.1, 0.5, 0.2, 0.9, 0.4, 0.3, 0.8, 0.7, 0.6, 0.05];
  const cases: [number[], number, number, number][] = [
    [[1, 2], 0.95, -4.853102368087347, 7.853102368087347],
    [[1, 2, 3], 0.95, -0.48413771175033027, 4.48413771175033],
    [ten, 0.95, 0.24410110448655747, 0.6658988955134424],
    [ten, 0.99, 0.152020729773562, 0.7579792702264379],
  ];
  for (const [values, level, lower, upper] of cases) {
    const found = studentInterval(values, level);
    expect(found.lower).toBeCloseTo(lower, 8);
    expect(found.upper).toBeCloseTo(upper, 8);
  }
  expect(studentInterval([7])).toEqual({ mean: 7, lower: -Infinity, upper: Infinity });
});
