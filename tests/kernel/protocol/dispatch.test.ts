import { expect, it } from 'vitest';
import { Dispatcher } from '../../../kernel/protocol/dispatch.js';
import type { Kernel } from '../../../kernel/protocol/kernel.js';
import type { Request } from '../../../kernel/wire/channels.js';
import { Session, type Content } from '../../../kernel/wire/message.js';

const session = new Session('test');

/** A kernel whose cells are the names of what they do: `ok`, or `fail`, which aborts the queue. */
function rig() {
  const log: string[] = [];
  const names = new Map<string, string>();
  const name = (id: string | undefined) => names.get(id ?? '') ?? '?';
  const channels = {
    publish: (type: string, content: Content, parent: { msg_id?: string }) =>
      type === 'status' && log.push(`${name(parent.msg_id)} ${String(content.execution_state)}`),
    reply: (request: Request, type: string, { status }: Content) =>
      log.push(`${name(request.message.header.msg_id)} ${type} ${String(status)}`),
  };
  const kernel = {
    channels,
    cells: { add: () => 1 },
    streams: { flush: () => undefined },
    history: { add: () => undefined, setOutput: () => undefined },
    executionCount: 0,
    interruptCount: 0,
    converter: {
      convert: (source: string) =>
        Promise.resolve(source === 'fail' ? { error: { ename: 'E', evalue: 'e', traceback: [] } } : { code: source }),
      isComplete: () => Promise.resolve({ status: 'complete' }),
    },
    executor: { run: () => new Promise((resolve) => setTimeout(() => resolve({}), 10)) },
    abortQueue: () => dispatcher.abortQueue(),
  };
  const dispatcher = new Dispatcher(kernel as unknown as Kernel);
  const send = (label: string, type: string, content: Content = {}, channel: Request['channel'] = 'shell'): void => {
    const message = session.message(type, content);
    names.set(message.header.msg_id, label);
    dispatcher.receive({ channel, identities: [], message });
  };
  return { log, send, cell: (label: string, code: string) => send(label, 'execute_request', { code }) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 100));

it('runs cells one after the other, each between busy and idle', async () => {
  const { log, cell } = rig();
  cell('a', 'ok');
  cell('b', 'ok');
  await settled();
  const of = (label: string) => [`${label} busy`, `${label} execute_reply ok`, `${label} idle`];
  expect(log).toEqual([...of('a'), ...of('b')]);
});

it('answers what needs no cell at once, and shows the kernel busy again', async () => {
  const { log, cell, send } = rig();
  cell('a', 'ok');
  send('i', 'is_complete_request', { code: '1' });
  await settled();
  const during = ['i busy', 'i is_complete_reply complete', 'i idle', 'a busy'];
  expect(log).toEqual(['a busy', ...during, 'a execute_reply ok', 'a idle']);
});

it('aborts the cells that were sent before the answer of a failed one, and no later one', async () => {
  const { log, cell, send } = rig();
  cell('a', 'fail');
  cell('b', 'ok');
  send('h', 'comm_info_request');
  setImmediate(() => cell('c', 'ok'));
  await settled();
  cell('d', 'ok');
  await settled();
  expect(log.filter((line) => line.includes('reply'))).toEqual([
    'h comm_info_reply ok',
    'a execute_reply error',
    'b execute_reply aborted',
    'c execute_reply aborted',
    'd execute_reply ok',
  ]);
});

it('answers a request that it does not know with busy and idle alone', async () => {
  const { log, send } = rig();
  send('x', 'no_such_request');
  await settled();
  expect(log).toEqual(['x busy', 'x idle']);
});

it('turns an exception of a handler into an error reply', async () => {
  const { log, send } = rig();
  send('x', 'complete_request', { code: 'a' });
  await settled();
  expect(log).toEqual(['x busy', 'x complete_reply error', 'x idle']);
});
