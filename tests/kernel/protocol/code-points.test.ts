import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toPoints, toUnits } from '../../../kernel/protocol/code-points.js';

it('counts an emoji as one character', () => {
  expect(toUnits('a😀b', 2)).toBe(3);
  expect(toPoints('a😀b', 3)).toBe(2);
});

it('stays inside of the text', () => {
  expect(toUnits('ab', 99)).toBe(2);
  expect(toUnits('ab', -1)).toBe(0);
  expect(toUnits('ab', undefined)).toBe(2);
  expect(toUnits('ab', NaN)).toBe(2);
});

it('goes there and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, at) => {
      const points = at % ([...text].length + 1);
      expect(toPoints(text, toUnits(text, points))).toBe(points);
    }),
  );
});
