import { escapeHtml } from '../core/mime.js';

/** A table as rows of texts: as HTML for a cell and as aligned columns for a terminal. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns that hold numbers, set to the right. */
  readonly numeric?: readonly number[];
}

/** The table as HTML with inline styles: notebooks that are shown elsewhere keep no style sheet. */
export function htmlTable({ header, rows, numeric = [] }: TextTable): string {
  const side = (column: number) =>
    numeric.includes(column) ? 'text-align:right;white-space:nowrap' : 'text-align:left';
  const cells = (row: readonly string[], tag: 'th' | 'td') =>
    row.map((cell, i) => `<${tag} style="${side(i)};padding:2px 10px">${escapeHtml(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
  return `<table><thead><tr>${cells(header, 'th')}</tr></thead><tbody>${body}</tbody></table>`;
}

/** The table as text, columns two spaces apart, with a line below the header. */
export function plainTable({ header, rows, numeric = [] }: TextTable): string {
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (numeric.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** A number with four digits, as tables show it; gaps and infinities in words. */
export function shortNumber(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : '-infinite';
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
    ? Number(value.toPrecision(4)).toExponential()
    : String(Number(value.toPrecision(4)));
}
