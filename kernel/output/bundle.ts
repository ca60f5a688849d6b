import { inspect } from 'node:util';
import type { Bundle } from '../contract.js';
import { displaySymbol } from '../preload.js';
import { readProperty } from './read-property.js';
import { isTable, tableBundle } from './table-bundle.js';
import { isTensor, tensorBundle } from './tensor-bundle.js';

const mimeType = /^[\w\-+.]+\/[\w\-+.]+$/;
const longestText = 1_000_000;

/**
 * A value as data by MIME type: as it draws itself, else as well-known kinds of values are shown, else as text.
 * A promise only where the value draws itself with one, so that other outputs keep their place among printed lines.
 */
export function toBundle(value: unknown): Bundle | Promise<Bundle> {
  const method = readProperty(value, displaySymbol);
  if (typeof method !== 'function') {
    if (isTensor(value)) return tensorBundle(value);
    return finish(value, isTable(value) ? tableBundle(value) : (knownDrawing(value) ?? {}));
  }
  const drawn: unknown = method.call(value);
  return drawn instanceof Promise ? drawn.then((bundle) => finish(value, bundle)) : finish(value, drawn);
}

function finish(value: unknown, drawn: unknown): Bundle {
  if (typeof drawn !== 'object' || drawn === null) {
    throw new TypeError(`[Symbol.for('Jupyter.display')] returned ${toText(drawn)}; expected an object of MIME types.`);
  }
  const bundle: Bundle = {};
  for (const [type, data] of Object.entries(drawn)) {
    if (mimeType.test(type) && data !== undefined) bundle[type] = encodeData(data);
  }
  bundle['text/plain'] ??= toText(value);
  return bundle;
}

/** Text of a value for people: a number as JavaScript writes it, a string in quotes, objects to a depth of 4. */
export function toText(value: unknown): string {
  const text = inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100 });
  return text.length > longestText ? `${text.slice(0, longestText)}… truncated, ${text.length} characters` : text;
}

/** Values that do not draw themselves: images in bytes, tables, Vega charts, and ijavascript's methods. */
function knownDrawing(value: unknown): Bundle | undefined {
  if (value instanceof Uint8Array) return imageBundle(value);
  const methods: [string, (made: unknown) => Bundle | undefined][] = [
    ['_toMime', (made) => made as Bundle],
    ['_toHtml', (made) => ({ 'text/html': made })],
    ['_toSvg', (made) => ({ 'image/svg+xml': made })],
    ['_toPng', (made) => ({ 'image/png': made })],
    ['toSpec', vegaBundle],
    ['toHTML', (made) => ({ 'text/html': made })],
  ];
  for (const [name, wrap] of methods) {
    const method = readProperty(value, name);
    if (typeof method === 'function') return wrap(method.call(value));
  }
  return undefined;
}

function vegaBundle(spec: unknown): Bundle | undefined {
  const schema = (spec as { $schema?: unknown } | null)?.$schema;
  if (typeof schema !== 'string') return undefined;
  const version = /\/v(\d+)/.exec(schema)?.[1] ?? '5';
  return { [`application/vnd.${schema.includes('vega-lite') ? 'vegalite' : 'vega'}.v${version}+json`]: spec };
}

function imageBundle(bytes: Uint8Array): Bundle | undefined {
  const starts = (...head: number[]): boolean => head.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return { 'image/png': bytes };
  if (starts(0xff, 0xd8, 0xff)) return { 'image/jpeg': bytes };
  if (starts(0x47, 0x49, 0x46, 0x38)) return { 'image/gif': bytes };
  return undefined;
}

function encodeData(data: unknown): unknown {
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  return data;
}
