import { expect, it } from 'vitest';
import { OutputCollector, type CellOutput } from '../../kernel/outputs.js';
import { Session, type Content } from '../../kernel/wire/message.js';

const session = new Session('test');

function collect(...messages: [type: string, content: Content][]): CellOutput[] {
  const outputs: CellOutput[] = [];
  const collector = new OutputCollector();
  for (const [type, content] of messages) collector.apply(outputs, session.message(type, content));
  return outputs;
}

const stream = (text: string, name = 'stdout'): [string, Content] => ['stream', { name, text }];
const shown = (text: string, display_id?: string): [string, Content] => [
  'display_data',
  { data: { 'text/plain': text }, metadata: {}, transient: display_id === undefined ? {} : { display_id } },
];

it('joins text of one stream', () => {
  expect(
    collect(stream('a'), stream('b'), stream('c', 'stderr'), stream('d')).map((o) => 'text' in o && o.text),
  ).toEqual(['ab', 'c', 'd']);
});

it('replaces all displays of one name, and keeps no trace of the name', () => {
  const update: [string, Content] = ['update_display_data', { ...shown('new', 'a')[1] }];
  expect(collect(shown('1', 'a'), shown('2'), shown('3', 'a'), update)).toEqual(
    ['new', '2', 'new'].map((text) => ({ output_type: 'display_data', data: { 'text/plain': text }, metadata: {} })),
  );
});

it('clears at once, or when the next output comes', () => {
  expect(collect(stream('a'), ['clear_output', { wait: false }])).toEqual([]);
  expect(collect(stream('a'), ['clear_output', { wait: true }])).toHaveLength(1);
  expect(collect(stream('a'), ['clear_output', { wait: true }], stream('b'))).toEqual([
    { output_type: 'stream', name: 'stdout', text: 'b' },
  ]);
});

it('takes no notice of messages that are no output', () => {
  expect(collect(['status', { execution_state: 'busy' }], ['execute_input', { code: '1' }])).toEqual([]);
});
