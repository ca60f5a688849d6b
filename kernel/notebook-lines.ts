import type { CellOutput } from './outputs.js';
import type { Message } from './wire/message.js';

/** Lines of one output that a terminal shows; a figure's text may be long. */
const mostLines = 40;

/** What a cell put out, as lines for a terminal. Errors are left out: they are told by themselves. */
export function outputLines(outputs: readonly CellOutput[]): string[] {
  return outputs.flatMap((output) => {
    if (output.output_type === 'error') return [];
    const text = output.output_type === 'stream' ? output.text : textOf(output.data);
    const lines = text.trimEnd().split('\n');
    const cut = lines.length - mostLines;
    const shown = cut > 0 ? [...lines.slice(0, mostLines), `… ${cut} more lines`] : lines;
    return shown.length === 1 && shown[0] === '' ? [] : shown.map((line) => `  ${line}`);
  });
}

/** Tells how a long cell gets on: the text of displays that are drawn again, a line every `interval` ms. */
export function progressTeller(say: (line: string) => void, interval = 10_000): (message: Message) => void {
  let last = Date.now();
  return ({ header, content }) => {
    if (header.msg_type !== 'update_display_data' || Date.now() - last < interval) return;
    const text = textOf(content.data as Record<string, unknown>).trimEnd();
    if (text === '' || text.includes('\n')) return;
    last = Date.now();
    say(`  ${text}`);
  };
}

function textOf(data: Readonly<Record<string, unknown>>): string {
  const text = data['text/plain'];
  return typeof text === 'string' ? text : '';
}
