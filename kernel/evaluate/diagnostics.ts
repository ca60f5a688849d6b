import type { ErrorReport } from '../contract.js';
import type { TslabDiagnostic } from './tslab.js';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

/** The compiler's complaints about a cell as one error: each with its line and a caret under the place. */
export function typescriptError(diagnostics: readonly TslabDiagnostic[], source: string, label: string): ErrorReport {
  const first = diagnostics[0]!;
  const isSyntax = first.code >= 1000 && first.code < 2000;
  const ename = isSyntax ? 'SyntaxError' : 'TypeScriptError';
  const evalue = `TS${first.code}: ${first.messageText}`;
  return { ename, evalue, traceback: [red(`${ename}: ${evalue}`), ...frames(diagnostics, source, label)] };
}

function frames(diagnostics: readonly TslabDiagnostic[], source: string, label: string): string[] {
  const lines = source.split('\n');
  return diagnostics.flatMap(({ start, end, messageText, code, fileName }) => {
    const line = fileName === undefined ? (lines[start.line] ?? '') : '';
    const width = end.line === start.line ? Math.max(1, end.character - start.character) : 1;
    const place = `${fileName ?? label}:${start.line + 1}:${start.character + 1}`;
    const frame = [`${place} - TS${code}: ${messageText}`];
    if (line)
      frame.push(`  ${line}`, `  ${line.slice(0, start.character).replaceAll(/[^\t]/g, ' ')}${red('~'.repeat(width))}`);
    return frame;
  });
}
