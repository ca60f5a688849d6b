import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Diagnostic, revealForDisplay } from '../../../lib/core/diagnostic.js';
import { measure, preview, Sensitive } from '../../../lib/mechanisms/index.js';

const rows = {
  data: Uint8Array.from({ length: 30 }, (_, i) => i),
  labels: Uint8Array.from({ length: 30 }, (_, i) => i % 3),
  count: 30,
  height: 1,
  width: 1,
  channels: 1,
};
const facts = { name: 'toy', size: 30, classes: ['a', 'b', 'c'], shape: { height: 1, width: 1, channels: 1 } };
const sealed = Sensitive.seal(rows, facts);

describe('measure', () => {
  it('marks what it computes without noise, and nothing can reckon with it', async () => {
    const sum = await measure(sealed, 'sum of bytes', (all) => all.data.reduce((total, byte) => total + byte, 0));
    expect(sum).toBeInstanceOf(Diagnostic);
    expect(revealForDisplay(sum)).toBe(435);
    expect(inspect(sum)).toContain('not differentially private');
    const reckon: ((value: never) => unknown)[] = [(v) => v > 400, (v) => v - 1, (v) => Math.max(v, 1), (v) => v < v];
    for (const each of reckon)
      expect(() => each(sum as never)).toThrow(
        'Diagnostic (sum of bytes): a value computed from private data without noise cannot take part in arithmetic or comparison.',
      );
  });
});

describe('preview', () => {
  it('shows some rows of each class, as a diagnostic', () => {
    const shown = preview(sealed, 2, 5);
    expect(shown).toBeInstanceOf(Diagnostic);
    const { labels, data } = revealForDisplay(shown);
    expect([...labels]).toEqual([0, 0, 1, 1, 2, 2]);
    expect([...data].map((byte) => byte % 3)).toEqual([...labels]);
    expect(revealForDisplay(preview(sealed, 2, 5)).data).toEqual(data);
  });
});
