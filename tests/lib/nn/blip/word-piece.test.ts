import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WordPiece } from '../../../../lib/nn/blip/word-piece.js';

/** By tests/golden/word-piece.py: BertTokenizer of transformers 4.27.4. */
const golden = JSON.parse(readFileSync('tests/golden/word-piece.json', 'utf8')) as {
  vocabulary: string[];
  texts: { text: string; ids: number[]; real: number }[];
};
const wordPiece = new WordPiece(`${golden.vocabulary.join('\n')}\n`);

describe('WordPiece', () => {
  it.each(golden.texts)('has the token ids of BertTokenizer: $text', ({ text, ids, real }) => {
    const tokens = wordPiece.encode(text, 35);
    expect([...tokens.ids]).toEqual(ids);
    expect([...tokens.mask]).toEqual(ids.map((_, i) => (i < real ? 1 : 0)));
  });

  it('was checked on a hundred texts: unknown words, cut ones, and ones that fill up to 35', () => {
    expect(golden.texts.length).toBeGreaterThanOrEqual(100);
    expect(golden.texts.some(({ ids }) => ids.includes(golden.vocabulary.indexOf('[UNK]')))).toBe(true);
    expect(golden.texts.some(({ real }) => real === 35)).toBe(true);
    expect(golden.texts.some(({ real }) => real === 2)).toBe(true);
  });

  it('knows [DEC] and [ENC] behind its vocabulary', () => {
    expect(wordPiece.size).toBe(golden.vocabulary.length + 2);
    expect([...wordPiece.encode('[DEC][ENC]', 4).ids]).toEqual([3, wordPiece.size - 2, wordPiece.size - 1, 4]);
  });

  it('reads lines that end in \\r\\n', () => {
    const windows = new WordPiece(golden.vocabulary.join('\r\n'));
    expect(windows.encode('an image', 5).ids).toEqual(wordPiece.encode('an image', 5).ids);
  });

  it('refuses a vocabulary without the tokens that it needs', () => {
    expect(() => new WordPiece('the\nof\n')).toThrow(
      'WordPiece: the vocabulary has no [PAD]; got 2, expected the 30522 lines of vocab.txt of bert-base-uncased.',
    );
  });
});
