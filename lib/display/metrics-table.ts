import { revealForDisplay } from '../core/diagnostic.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import type { RunSummary } from '../core/results.js';
import { htmlTable, plainTable, shortNumber, type TextTable } from './html-table.js';
import { diagnosticNote } from './run-names.js';

/**
 * The scores of one run as a table: value, direction, feature extractor, number of samples, and every note.
 *
 * @example dp.metricsTable(run)
 */
export function metricsTable(
  run: Pick<RunSummary, 'method' | 'dataset' | 'epsilon' | 'scale' | 'metrics'>,
): Displayable & {
  toString(): string;
} {
  const table = rowsOf(run.metrics);
  const heading = `${run.method} on ${run.dataset}, epsilon ${run.epsilon}, ${run.scale} scale`;
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

function rowsOf(metrics: RunSummary['metrics']): TextTable {
  const rows = Object.values(metrics).map((result) => [
    result.title,
    `${shortNumber(revealForDisplay(result.value))}${result.unit === '%' ? ' %' : result.unit && ` ${result.unit}`}`,
    result.better,
    result.features ?? '',
    result.samples.toLocaleString('en-US'),
    result.notes.join('; '),
  ]);
  return { header: ['metric', 'value', 'better', 'features', 'samples', 'notes'], rows, numeric: [1, 4] };
}
