import { expect, it } from 'vitest';
import { learningRateAt } from '../../../../lib/methods/diffusion/learning-rate.js';

it('the learning rate is constant, or rises at first and falls at the end', () => {
  const rates = (warmUpSteps: number, decayedPart: number) =>
    [1, 2, 3, 4, 5, 6, 7, 8].map((step) =>
      learningRateAt(step, { learningRate: 10, warmUpSteps, decayedPart, steps: 8 }),
    );
  expect(rates(0, 0)).toEqual(Array(8).fill(10));
  expect(rates(1, 0)).toEqual([5, 10, 10, 10, 10, 10, 10, 10]);
  expect(rates(0, 0.5)).toEqual([10, 10, 10, 10, 8, 6, 4, 2]); // (steps left, this one included) / 5
});
