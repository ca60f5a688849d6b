import type { Bundle } from '../contract.js';
import { htmlTable, plainTable } from '../preload.js';
import { hasMethods } from './read-property.js';

const mostRows = 20;
const mostColumns = 30;
const longestCell = 60;

/** The part of an Arquero table that is read here. */
export interface ColumnTable {
  numRows(): number;
  columnNames(): string[];
  objects(options: { limit: number }): Record<string, unknown>[];
}

/** Tells Arquero's tables by their methods: the kernel itself does not load Arquero. */
export function isTable(value: unknown): value is ColumnTable {
  return hasMethods(value, 'numRows', 'columnNames', 'objects');
}

/** A table as HTML and as aligned text: the first rows, and how many there are. */
export function tableBundle(table: ColumnTable): Bundle {
  const names = table.columnNames();
  const header = names.slice(0, mostColumns);
  const values = table.objects({ limit: mostRows }).map((row) => header.map((name) => row[name]));
  const numeric = header
    .map((_name, column) => column)
    .filter((column) => values.every((row) => isNumber(row[column])));
  const shown = { header, rows: values.map((row) => row.map(cellText)), numeric };
  const note = sizeNote([table.numRows(), values.length, 'row'], [names.length, header.length, 'column']);
  return {
    'text/html': `${htmlTable(shown)}<div>${note}</div>`,
    'text/plain': `${plainTable(shown)}\n\n${note}`,
  };
}

/** Gaps do not keep a column from being one of numbers. */
function isNumber(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'bigint';
}

type Size = readonly [all: number, shown: number, word: string];

/** `1,000 rows, 3 columns; the first 20 rows shown` */
function sizeNote(...sizes: Size[]): string {
  const cut = sizes.filter(([all, shown]) => shown < all).map(([, shown, word]) => plural(shown, word));
  const size = sizes.map(([all, , word]) => plural(all, word)).join(', ');
  return cut.length === 0 ? size : `${size}; the first ${cut.join(' and ')} shown`;
}

function plural(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`;
}

/** A value as one line: numbers with six digits, dates in ISO, other objects as short JSON. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  const text = typeof value === 'object' ? json(value) : String(value as string | boolean | bigint | symbol);
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > longestCell ? `${line.slice(0, longestCell - 1)}…` : line;
}

function json(value: object): string {
  try {
    return JSON.stringify(value) ?? Object.prototype.toString.call(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
