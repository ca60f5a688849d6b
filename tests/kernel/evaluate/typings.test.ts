import { expect, it } from 'vitest';
import { downlevel } from '../../../kernel/evaluate/typings.js';

it('takes the type parameter of typed arrays away, which TypeScript 5.0 does not know', () => {
  const text =
    'a: Float32Array<ArrayBuffer>; b: Uint8Array<ArrayBufferLike>[]; c: Array<ArrayBuffer>; d: Map<string, Int8Array<T>>';
  expect(downlevel('a.d.ts', text)).toBe(
    'a: Float32Array; b: Uint8Array[]; c: Array<ArrayBuffer>; d: Map<string, Int8Array>',
  );
});

it('takes names of whole packages away, which would hide the globals of cells', () => {
  expect(downlevel('a.d.ts', 'export as namespace Plotly;\nexport const a: 1;')).toBe('\nexport const a: 1;');
});
