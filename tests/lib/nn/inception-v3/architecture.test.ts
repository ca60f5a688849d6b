import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { convolutionsOf, inceptionV3 } from '../../../../lib/nn/inception-v3/architecture.js';

const { shapes } = JSON.parse(readFileSync(new URL('../../../golden/inception.json', import.meta.url), 'utf8')) as {
  shapes: Record<string, number[]>;
};

it('has the convolutions of pytorch-fid, by name and shape', () => {
  const own = convolutionsOf(inceptionV3).map(({ name, inputs, outputs, size }) => [
    `${name}.conv.weight`,
    [outputs, inputs, ...size],
  ]);
  const { 'fc.weight': head, 'fc.bias': bias, ...convolutions } = shapes;
  expect(Object.fromEntries(own)).toEqual(convolutions);
  expect(own).toHaveLength(94);
  expect([head, bias]).toEqual([[1008, 2048], [1008]]);
});
