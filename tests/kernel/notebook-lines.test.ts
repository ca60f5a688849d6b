import { describe, expect, it } from 'vitest';
import { outputLines, progressTeller } from '../../kernel/notebook-lines.js';
import type { Message } from '../../kernel/wire/message.js';

describe('outputs as lines', () => {
  it('are the text of streams and displays, cut when long; errors are told elsewhere', () => {
    const long = Array.from({ length: 50 }, (_, i) => `row ${i}`).join('\n');
    const lines = outputLines([
      { output_type: 'stream', name: 'stdout', text: 'a\nb\n' },
      { output_type: 'display_data', data: { 'text/html': '<b>only</b>' }, metadata: {} },
      { output_type: 'execute_result', data: { 'text/plain': long }, metadata: {}, execution_count: 1 },
      { output_type: 'error', ename: 'E', evalue: 'e', traceback: ['E: e'] },
    ]);
    expect(lines.slice(0, 3)).toEqual(['  a', '  b', '  row 0']);
    expect(lines.slice(-2)).toEqual(['  row 39', '  … 10 more lines']);
  });

  it('tell how a display that is drawn again gets on, not too often', () => {
    const said: string[] = [];
    const update = (text: string, type = 'update_display_data') =>
      ({ header: { msg_type: type }, content: { data: { 'text/plain': text } } }) as unknown as Message;
    const always = progressTeller((line) => said.push(line), 0);
    for (const message of [update('10 %'), update('a\ntable'), update(''), update('20 %', 'display_data')])
      always(message);
    expect(said).toEqual(['  10 %']);
    const seldom = progressTeller((line) => said.push(line), 60_000);
    seldom(update('30 %'));
    expect(said).toEqual(['  10 %']);
  });
});
