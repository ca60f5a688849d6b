import { describe, expect, it } from 'vitest';
import { labelWidth, letterHeight, plotLabel } from '../../../lib/display/bitmap-font.js';

/** The text as lines of `#` and spaces. */
function drawn(label: string): string[] {
  const rows = Array.from({ length: letterHeight }, () => Array.from({ length: labelWidth(label) }, () => ' '));
  plotLabel(label, (x, y) => (rows[y]![x] = '#'));
  return rows.map((row) => row.join('').trimEnd());
}

describe('bitmap font', () => {
  it('draws letters that a reader knows', () => {
    expect(drawn('Tg1')).toEqual([
      '#####         #',
      '  #          ##',
      '  #    ####   #',
      '  #   #   #   #',
      '  #   #   #   #',
      '  #    ####   #',
      '  #       #  ###',
      '       ###',
    ]);
  });

  it('has a shape of its own for every printable letter', () => {
    const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
    const shapes = new Set(letters.map((letter) => drawn(letter).join('\n')));
    expect(shapes.size).toBe(94);
    expect(drawn(' ').join('')).toBe('');
  });

  it('drops accents and marks what it lacks', () => {
    expect(drawn('é')).toEqual(drawn('e'));
    expect(drawn('犬')).toEqual(drawn('?'));
    expect(labelWidth('abc')).toBe(17);
    expect(labelWidth('')).toBe(0);
  });
});
