import { DataError } from '../../core/errors.js';

/** A text as the text encoder takes it. */
export interface Tokens {
  readonly ids: Int32Array; // [length], 0 where the text has ended
  /** 1 for the tokens of the text, 0 behind its end. */
  readonly mask: Float32Array; // [length]
}

/** Longer words than this are unknown ones. */
const longestWord = 100;

/**
 * The uncased WordPiece tokenizer of BERT (Devlin et al. 2019, arXiv 1810.04805): lower case without accents, split at white space,
 * punctuation and Chinese characters, then into the longest pieces that the vocabulary has. As ImageReward sets it up: the
 * tokens `[DEC]` and `[ENC]` come behind the vocabulary's own.
 *
 * @example
 * const wordPiece = new WordPiece(await readFile('vocab.txt', 'utf8'));
 * wordPiece.encode('An image of a cat', 35).ids;   // 101, 2019, 3746, 1997, 1037, 4937, 102, 0, …
 */
export class WordPiece {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #special: ReadonlyMap<string, number>;

  /**
   * @param vocabulary one piece a line, its id the number of the line from 0, as `vocab.txt` of bert-base-uncased.
   * @throws DataError when one of the tokens that the tokenizer itself needs is absent.
   */
  constructor(vocabulary: string) {
    const pieces = vocabulary.replace(/\n$/, '').split('\n');
    this.#ids = new Map(pieces.map((piece, id) => [piece.replace(/\r$/, ''), id]));
    const own = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map((name): [string, number] => [name, this.#own(name)]);
    this.#special = new Map([...own, ['[DEC]', pieces.length], ['[ENC]', pieces.length + 1]]);
  }

  /** Ids that it can give: those of the vocabulary and two more. */
  get size(): number {
    return this.#special.get('[ENC]')! + 1;
  }

  /** `[CLS]`, the pieces of the text and `[SEP]`: cut or filled up to `length`. */
  encode(text: string, length: number): Tokens {
    const pieces = this.#pieces(text).slice(0, length - 2);
    const ids = new Int32Array(length).fill(this.#own('[PAD]'));
    ids.set([this.#own('[CLS]'), ...pieces, this.#own('[SEP]')]);
    return { ids, mask: Float32Array.from(ids, (_, i) => (i < pieces.length + 2 ? 1 : 0)) };
  }

  #own(name: string): number {
    const id = this.#ids.get(name);
    if (id !== undefined) return id;
    throw new DataError({
      asked: 'WordPiece',
      wrong: `the vocabulary has no ${name}`,
      got: this.#ids.size,
      expected: 'the 30522 lines of vocab.txt of bert-base-uncased',
    });
  }

  /** A special token in the text stands for itself. */
  #pieces(text: string): number[] {
    return text.split(/(\[(?:PAD|UNK|CLS|SEP|MASK|DEC|ENC)\])/).flatMap((part) => {
      const special = this.#special.get(part);
      return special === undefined ? words(part).flatMap((word) => this.#piecesOf([...word])) : [special];
    });
  }

  /** The longest piece that the word begins with, then of the rest; a word with a rest that fits nothing is unknown as a whole. */
  #piecesOf(characters: readonly string[]): number[] {
    const unknown = [this.#own('[UNK]')];
    if (characters.length > longestWord) return unknown;
    const pieces: number[] = [];
    for (let start = 0; start < characters.length;) {
      let end = characters.length;
      const piece = () => (start > 0 ? '##' : '') + characters.slice(start, end).join('');
      while (end > start && !this.#ids.has(piece())) end--;
      if (end === start) return unknown;
      pieces.push(this.#ids.get(piece())!);
      start = end;
    }
    return pieces;
  }
}

/** Blocks of Chinese characters as BERT lists them; Japanese and Korean letters are written in words. */
const chinese =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
/** What Unicode calls punctuation, and every other sign of ASCII that is no letter or digit. */
const punctuation = /[\p{P}$+<=>^`|~]/gu;

function words(text: string): string[] {
  return text
    .replaceAll(/[\t\n\r\p{Zs}]/gu, ' ')
    .replaceAll(/[\p{C}\ufffd]/gu, '') // control characters
    .replaceAll(chinese, ' $& ')
    .split(/\s+/)
    .flatMap((word) =>
      word
        .toLowerCase()
        .normalize('NFD')
        .replaceAll(/\p{Mn}/gu, '')
        .replaceAll(punctuation, ' $& ')
        .split(/\s+/),
    )
    .filter((word) => word !== '');
}
