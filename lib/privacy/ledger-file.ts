import { createHash } from 'node:crypto';
import { DataError } from '../core/errors.js';
import type { LedgerEntry } from './ledger-entry.js';

/** What a stored ledger holds; an infinite number is the word `Infinity`. */
export interface LedgerFile {
  readonly delta: number;
  readonly accountant?: string;
  readonly epsilonTarget?: number;
  readonly entries: readonly LedgerEntry[];
  readonly digest: string;
}

/** Checks the shape of a stored ledger: text or parsed. */
export function readLedgerFile(json: unknown): LedgerFile {
  try {
    const value = (typeof json === 'string' ? JSON.parse(json) : json) as LedgerFile;
    if (typeof value.digest === 'string' && value.entries.every((entry) => typeof entry.event.kind === 'string'))
      return value;
  } catch {
    // Not JSON, or parts are missing: the same answer as below.
  }
  throw new DataError({
    asked: 'Ledger.fromJSON',
    wrong: 'this is no ledger',
    got: json,
    expected: 'an object with delta, digest and entries, each with its event',
  });
}

/** SHA-256 of plain data, whatever the order of keys. */
export function digestOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content, sortedKeys)).digest('hex');
}

const sortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** A copy of plain data that survives JSON. */
export const infinityAsWord = <T>(value: T): T =>
  mapLeaves(value, (leaf) => (leaf === Infinity ? 'Infinity' : leaf)) as T;

export const wordAsInfinity = <T>(value: T): T =>
  mapLeaves(value, (leaf) => (leaf === 'Infinity' ? Infinity : leaf)) as T;

function mapLeaves(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => mapLeaves(inner, change));
  if (typeof value !== 'object' || value === null) return change(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner, change)]));
}
