import type { ErrorReport } from '../contract.js';
import type { TslabDiagnostic } from './tslab.js';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

/**
 * The compiler's complaints about a cell as one error: each with its line and a caret under the place.
 *
 * @param shift characters that the first line has in front of the user's text
 */
export function typescriptError(
  diagnostics: readonly TslabDiagnostic[],
  source: string,
  label: string,
  shift = 0,
): ErrorReport {
  const first = diagnostics[0]!;
  const isSyntax = first.code >= 1000 && first.code < 2000;
  const ename = isSyntax ? 'SyntaxError' : 'TypeScriptError';
  const evalue = `TS${first.code}: ${first.messageText}`;
  const lines = source.split('\n');
  const shown = diagnostics.flatMap((diagnostic) => frame(diagnostic, lines, label, shift));
  return { ename, evalue, traceback: [red(`${ename}: ${evalue}`), ...shown] };
}

function frame(diagnostic: TslabDiagnostic, lines: readonly string[], label: string, shift: number): string[] {
  const { start, end, messageText, code, fileName } = diagnostic;
  const line = fileName === undefined ? (lines[start.line] ?? '') : '';
  const moved = start.line === 0 ? shift : 0;
  const column = Math.max(0, start.character - moved);
  const rest = Math.max(1, line.length - column);
  const width = end.line === start.line ? Math.min(rest, Math.max(1, end.character - start.character)) : rest;
  const head = `${fileName ?? label}, line ${start.line + 1} - TS${code}: ${messageText}`;
  if (!line) return [head];
  return [head, `  ${line}`, `  ${line.slice(0, column).replaceAll(/[^\t]/g, ' ')}${red('~'.repeat(width))}`];
}

/** An internal error of the converter as an error of the cell. */
export function converterError(error: unknown): ErrorReport {
  const message = error instanceof Error ? error.message : String(error);
  return { ename: 'ConverterError', evalue: message, traceback: [`ConverterError: ${message}`] };
}
