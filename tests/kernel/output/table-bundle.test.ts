import * as aq from 'arquero';
import { expect, it } from 'vitest';
import { toBundle } from '../../../kernel/output/bundle.js';

const bundle = (table: unknown) => toBundle(table) as { 'text/plain': string; 'text/html': string };

it('draws an arquero table as aligned text and as HTML', () => {
  const table = aq.table({ name: ['mnist', '<b>'], fid: [12.3456789, null], ok: [true, false] });
  expect(bundle(table)['text/plain']).toBe(
    [
      'name       fid  ok',
      '-----  -------  -----',
      'mnist  12.3457  true',
      '<b>             false',
      '',
      '2 rows, 3 columns',
    ].join('\n'),
  );
  const html = bundle(table)['text/html'];
  expect(html).toContain('&lt;b&gt;');
  expect(html).not.toContain('<b>');
  expect(html.match(/<tr>/g)).toHaveLength(3);
  expect(html).toContain('<div>2 rows, 3 columns</div>');
});

it('shows the first rows and columns of a large one, and says how many there are', () => {
  const columns = Object.fromEntries(
    Array.from({ length: 40 }, (_c, i) => [`c${i}`, Array.from({ length: 1234 }, (_r, j) => j)]),
  );
  const { 'text/plain': plain, 'text/html': html } = bundle(aq.table(columns));
  expect(plain.split('\n')).toHaveLength(2 + 20 + 2);
  expect(plain.endsWith('1,234 rows, 40 columns; the first 20 rows and 30 columns shown')).toBe(true);
  expect(html.match(/<tr>/g)).toHaveLength(21);
});

it('shows a filtered and sorted table as it is seen', () => {
  const table = aq
    .table({ x: [3, 1, 2] })
    .filter((row: { x: number }) => row.x < 3)
    .orderby('x');
  expect(bundle(table)['text/plain']).toBe('x\n-\n1\n2\n\n2 rows, 1 column');
});

it('writes dates, objects and long texts on one line', () => {
  const values = [new Date(0), [1, { a: 2 }], 'a\nb', 'x'.repeat(100), undefined];
  const { 'text/plain': plain } = bundle(aq.table({ v: values }));
  const rows = plain.split('\n').slice(2, 7);
  expect(rows).toEqual(['1970-01-01T00:00:00.000Z', '[1,{"a":2}]', 'a b', `${'x'.repeat(59)}…`, '']);
});

it('draws an empty table', () => {
  expect(bundle(aq.table({ a: [] }))['text/plain']).toBe('a\n-\n\n0 rows, 1 column');
});
