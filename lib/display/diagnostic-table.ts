import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { htmlTable, plainTable, type TextTable } from './html-table.js';
import { diagnosticNote } from './run-names.js';

/** A table of scores below a heading, which says that they are diagnostics. It draws itself. */
export function diagnosticTable(heading: string, table: TextTable): Displayable & { toString(): string } {
  const plain = `${heading}\n${plainTable(table)}\n(${diagnosticNote})`;
  return {
    toString: () => plain,
    [displaySymbol]: (): MimeBundle => ({
      'text/html':
        `<div><b>${escapeHtml(heading)}</b></div>${htmlTable(table)}` +
        `<div style="font-size:12px;color:#8a4b00">${escapeHtml(diagnosticNote)}</div>`,
      'text/plain': plain,
    }),
  };
}
