import { expect, it } from 'vitest';
import { toBundle, toText } from '../../../kernel/output/bundle.js';

const displaySymbol = Symbol.for('Jupyter.display');

it.each([
  [6, '6'],
  ['a', "'a'"],
  [null, 'null'],
  [[1, { b: undefined }], '[ 1, { b: undefined } ]'],
  [10n, '10n'],
  [Promise.resolve(1), 'Promise { 1 }'],
])('shows %o as text', (value, text) => {
  expect(toBundle(value)).toEqual({ 'text/plain': text });
});

it('lets a value draw itself, at once or later, and adds a text', async () => {
  expect(toBundle({ [displaySymbol]: () => ({ 'text/html': '<b>' }) })).toMatchObject({ 'text/html': '<b>' });
  const later = { [displaySymbol]: () => Promise.resolve({ 'text/html': '<i>', 'text/plain': 'i' }) };
  expect(await toBundle(later)).toEqual({ 'text/html': '<i>', 'text/plain': 'i' });
});

it('sends bytes as base64 and leaves out what is no MIME type', () => {
  const made = { 'image/png': new Uint8Array([1, 2]), 'not a type': 1, 'text/plain': 'p', 'text/html': undefined };
  expect(toBundle({ [displaySymbol]: () => made })).toEqual({ 'image/png': 'AQI=', 'text/plain': 'p' });
});

it('refuses a drawing that is no bundle', () => {
  expect(() => toBundle({ [displaySymbol]: () => 'text' })).toThrow(
    "[Symbol.for('Jupyter.display')] returned 'text'; expected an object of MIME types.",
  );
});

it('shows image files, Vega charts and the methods of ijavascript', () => {
  expect(toBundle(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))).toHaveProperty(['image/png'], 'iVBORw==');
  const $schema = 'https://vega.github.io/schema/vega-lite/v5.json';
  expect(toBundle({ toSpec: () => ({ $schema }) })).toHaveProperty(['application/vnd.vegalite.v5+json'], { $schema });
  expect(toBundle({ _toHtml: () => '<p>' })).toHaveProperty(['text/html'], '<p>');
});

it('runs no getter of a value that it looks at', () => {
  const value = {
    get toSpec(): never {
      throw new Error('touched');
    },
  };
  expect(toBundle(value)).toEqual({ 'text/plain': '{ toSpec: [Getter] }' });
});

it('cuts endless text', () => {
  const text = toText(Array.from({ length: 100 }, () => 'x'.repeat(20_000)));
  expect(text.length).toBeLessThan(1_100_000);
});
