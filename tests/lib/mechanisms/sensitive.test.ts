import { inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { displaySymbol } from '../../../lib/core/mime.js';
import type { LabeledImages } from '../../../lib/core/images.js';
import { Sensitive, type SensitiveImages } from '../../../lib/mechanisms/index.js';
import { openRows } from '../../../lib/mechanisms/sensitive.js';

/** Bytes that stand nowhere else, so that finding them means that the rows leaked. */
const secret = 0xb7;
const rows: LabeledImages = {
  data: new Uint8Array(40).fill(secret),
  labels: Uint8Array.from([1, 0, 1, 1, 0, 1, 0, 0, 1, 1]),
  count: 10,
  height: 2,
  width: 2,
  channels: 1,
};
const shape = { height: 2, width: 2, channels: 1 };
const seal = (): SensitiveImages =>
  Sensitive.seal(rows, { name: 'toy, training images', size: 10, classes: ['a', 'b'], shape });

/** Everything that can be reached from a value by its own and inherited properties, symbols and accessors included. */
function reachable(value: unknown, seen = new Set<unknown>()): Set<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return seen;
  if (value === Object.prototype || value === Function.prototype) return seen;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const described = Reflect.getOwnPropertyDescriptor(value, key)!;
    reachable('value' in described ? described.value : described.get, seen);
  }
  return reachable(Object.getPrototypeOf(value), seen);
}

const leaks = (value: unknown): boolean => {
  const found = reachable(value);
  return found.has(rows) || found.has(rows.data) || found.has(rows.labels);
};

describe('Sensitive', () => {
  it('tells what is public', () => {
    const sealed = seal();
    expect(sealed.size).toBe(10);
    expect(sealed.facts).toEqual({ name: 'toy, training images', size: 10, classes: ['a', 'b'], shape });
    expect(String(sealed[displaySymbol]()['text/plain'])).toBe(
      'Sensitive: toy, training images; 10 records of 2 x 2 x 1, 2 classes. The rows can be reached through mechanisms only.',
    );
  });

  it('shows no row to any way of printing or listing', () => {
    const sealed = seal();
    const words = [
      JSON.stringify(sealed),
      inspect(sealed, { showHidden: true, depth: null, getters: true }),
      inspect(Object.getOwnPropertyDescriptors(sealed), { depth: null }),
      JSON.stringify(sealed[displaySymbol]()),
    ];
    for (const text of words) expect(text).not.toMatch(new RegExp(`${secret}|data|labels|rows:`));
    expect(Reflect.ownKeys(sealed)).toEqual(['facts']);
  });

  it('gives no row to a copy or to reflection, and the search does find a leak', () => {
    const sealed = seal();
    const copies = [
      sealed,
      { ...sealed },
      structuredClone(sealed),
      deserialize(serialize(sealed)) as unknown,
      Object.assign(Object.create(Object.getPrototypeOf(sealed) as object) as object, sealed),
    ];
    for (const copy of copies) expect(leaks(copy)).toBe(false);
    expect(leaks({ ...sealed, rows })).toBe(true);
    expect(leaks({ deep: { get: () => 1, inner: [rows.data] } })).toBe(true);
  });

  it('gives no row to replaced methods of the language', () => {
    const sealed = seal();
    const seen: unknown[] = [];
    const original = Object.getOwnPropertyDescriptor(WeakMap.prototype, 'get')!;
    const spy = function (this: WeakMap<WeakKey, unknown>, key: WeakKey): unknown {
      const value: unknown = Reflect.apply(original.value as () => unknown, this, [key]);
      seen.push(value);
      return value;
    };
    Object.defineProperty(WeakMap.prototype, 'get', { ...original, value: spy });
    try {
      expect(openRows(sealed)).toBe(rows);
    } finally {
      Object.defineProperty(WeakMap.prototype, 'get', original);
    }
    expect(seen).not.toContain(rows);
    expect(() => Object.assign(sealed, { facts: { size: 1 } })).toThrow(TypeError);
  });

  it('keeps its facts: the public number is the divisor of every mean', () => {
    const facts = { name: 'toy', size: 10, classes: ['a', 'b'], shape: { ...shape } };
    const sealed = Sensitive.seal(rows, facts);
    facts.size = 1;
    facts.classes.push('c');
    facts.shape.height = 9;
    expect(sealed.facts).toEqual({ name: 'toy', size: 10, classes: ['a', 'b'], shape });
    expect(() => Object.assign(sealed.facts, { size: 1 })).toThrow(TypeError);
    expect(() => Object.assign(sealed.facts.shape, { height: 1 })).toThrow(TypeError);
    expect(() => Sensitive.seal(rows, { ...facts, size: -1 })).toThrow('Sensitive.seal: size is out of range; got -1');
  });

  it('opens nothing but what was sealed', () => {
    const copy = Object.create(seal()) as SensitiveImages;
    expect(() => openRows(copy)).toThrow('private rows: this is no sealed dataset (a copy has no rows); got');
    expect(() => openRows(rows as never)).toThrow('expected what dp.datasets.load or Sensitive.seal gave');
    expect(() => openRows(null as never)).toThrow('got null');
  });
});
