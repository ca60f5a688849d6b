import type typescript from '@tslab/typescript-for-tslab';
import type { Completeness } from '../contract.js';

/** Codes of "unterminated template" and "*\/ expected": the code may go on after what was typed. */
const unterminated = new Set([1160, 1010]);

/** Tells a console whether Enter runs the code or starts another line. */
export function completeness(ts: typeof typescript, source: string): Completeness {
  if (/\n[ \t]*\n[ \t]*$/.test(source)) return { status: 'complete' };
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TS);
  const errors = (file as unknown as { parseDiagnostics: typescript.Diagnostic[] }).parseDiagnostics;
  const first = errors[0];
  if (!first) return { status: 'complete' };
  const end = source.trimEnd().length;
  // The parser reports a missing piece at the end of what it has read.
  if (unterminated.has(first.code) || (first.start ?? 0) >= end)
    return { status: 'incomplete', indent: indent(source) };
  return { status: 'invalid' };
}

function indent(source: string): string {
  const line = source.split('\n').at(-1)!;
  const current = /^\s*/.exec(line)![0];
  return /[{([]\s*$/.test(line) ? `${current}  ` : current;
}
