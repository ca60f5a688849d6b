import { describe, expect, it } from 'vitest';
import { htmlTable, plainTable, shortNumber } from '../../../lib/display/html-table.js';

const table = {
  header: ['name', 'value'],
  rows: [
    ['a', '1'],
    ['long <b>', '200'],
  ],
  numeric: [1],
};

describe('tables', () => {
  it('align their columns as text', () => {
    expect(plainTable(table)).toBe('name      value\n--------  -----\na             1\nlong <b>    200');
  });

  it('escape their cells as HTML', () => {
    expect(htmlTable(table)).toContain('<td style="text-align:left;padding:2px 10px">long &lt;b&gt;</td>');
    expect(htmlTable(table)).toContain('<th style="text-align:right;white-space:nowrap;padding:2px 10px">value</th>');
  });

  it('show numbers short', () => {
    const shown = [0, 1, 12.3456, 1234567, 0.00001, 0.000123456, NaN, Infinity, -Infinity].map(shortNumber);
    expect(shown).toEqual(['0', '1', '12.35', '1.235e+6', '1e-5', '1.235e-4', '-', 'infinite', '-infinite']);
  });
});
