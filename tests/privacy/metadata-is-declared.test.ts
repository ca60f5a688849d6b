import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { displaySymbol } from '../../lib/core/mime.js';
import { Sensitive, type SensitiveImages } from '../../lib/mechanisms/index.js';
import { rowsOf, sealed, twelve, type Toy } from './toy.js';

/** Other pixels, other class sizes, another order: all that is not declared public. */
const other: Toy = twelve.map(([bright], i) => [255 - bright, i < 3 ? 0 : 1]);

/** Everything that can be seen of a sealed dataset without a mechanism. */
const seen = (sensitive: SensitiveImages): string =>
  [
    JSON.stringify(sensitive),
    JSON.stringify(sensitive.facts),
    inspect(sensitive, { showHidden: true, depth: null, getters: true }),
    JSON.stringify(sensitive[displaySymbol]()),
    Reflect.ownKeys(sensitive).join(),
  ].join('\n');

/** The check: two datasets with the same declared facts look the same. */
const undeclaredIsHidden = (seal: (toy: Toy) => SensitiveImages) => seen(seal(twelve)) === seen(seal(other));

describe('pitfall 4: metadata is declared', () => {
  it('holds: number, class names and shape are all that can be seen', () => {
    expect(undeclaredIsHidden((toy) => sealed(toy))).toBe(true);
    expect(Object.keys(sealed(twelve).facts)).toEqual(['name', 'size', 'classes', 'shape']);
  });

  it('fails for the mutation that puts the class sizes among the facts', () => {
    const mutation = (toy: Toy) => {
      const rows = rowsOf(toy);
      const classSizes = [0, 1].map((label) => rows.labels.filter((each) => each === label).length);
      return Sensitive.seal(rows, { ...sealed(toy).facts, classSizes } as SensitiveImages['facts']);
    };
    expect(undeclaredIsHidden(mutation)).toBe(false);
  });
});
