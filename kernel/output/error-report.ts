import type { ErrorReport } from '../contract.js';
import { toText } from './bundle.js';
import { cellPlace, type CellLines } from './cell-lines.js';
import { foldFrames } from './stack-frames.js';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`;
const longestCauses = 5;

/** What was thrown, as a front-end shows it: places in cells are in the lines that the user wrote. */
export function errorReport(thrown: unknown, lines: CellLines, depth = 0): ErrorReport {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
    const evalue = toText(thrown);
    return { ename: 'Thrown', evalue, traceback: [red(`Thrown: ${evalue}`)] };
  }
  const ename = clean(String(thrown.name || 'Error'));
  const evalue = clean(String(thrown.message));
  const frames = stackFrames(thrown);
  const traceback = [
    red(`${ename}: ${evalue}`),
    ...codeFrame(frames, lines),
    ...foldFrames(frames).map((frame) => dim(mapPlaces(frame, lines))),
  ];
  if (thrown.cause !== undefined && depth < longestCauses) {
    traceback.push('caused by:', ...errorReport(thrown.cause, lines, depth + 1).traceback);
  }
  if (thrown instanceof AggregateError && depth < longestCauses) {
    for (const error of thrown.errors.slice(0, longestCauses))
      traceback.push('one of:', ...errorReport(error, lines, depth + 1).traceback);
  }
  return { ename, evalue, traceback };
}

/** A stack trace printed by a program of the user, with places in cells translated: `Cell 3, line 2`. */
export function mapPlaces(text: string, lines: CellLines): string {
  return text.replaceAll(cellPlace, (whole, label: string, line: string, column: string) => {
    const place = lines.place(label, Number(line), Number(column));
    return place ? `${label}, line ${place.line}` : whole;
  });
}

function isErrorLike(value: unknown): value is Error {
  const candidate = value as Partial<Error> | null;
  return typeof candidate === 'object' && candidate !== null && typeof candidate.stack === 'string';
}

function stackFrames(error: Error): string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  return (
    stack
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      // The names of all cells are properties of one proxy.
      .map((line) => clean(line).replace(/^(\s+at (?:async )?)Proxy\./, '$1'))
  );
}

/** The line of the user's code where the error came from, with its neighbours and an arrow. */
function codeFrame(frames: readonly string[], lines: CellLines): string[] {
  for (const frame of frames) {
    const [, label, line, column] = new RegExp(cellPlace.source).exec(frame) ?? [];
    const place = label && lines.place(label, Number(line), Number(column));
    const source = label && lines.source(label);
    if (!place || !source) continue;
    const first = Math.max(1, place.line - 2);
    const shown = source.slice(first - 1, place.line + 2).map((text, i) => {
      const number = first + i;
      const arrow = number === place.line ? red('-->') : '   ';
      return `${arrow} ${String(number).padStart(3)} | ${clean(text)}`;
    });
    return [`${label}, line ${place.line}`, ...shown, ''];
  }
  return [];
}

/** Text without control characters that could move the cursor or hide links; colours stay. */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]|\u001b(?!\[[\d;]*m)/g, '');
}
