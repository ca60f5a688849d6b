/**
 * The supervisor: `node main.js --connection-file FILE`, as Jupyter starts it. It owns the sockets and never runs a
 * cell, so that it answers while a cell loops.
 */
import { ConverterThread } from './evaluate/converter-thread.js';
import { Executor } from './evaluate/executor.js';
import type { Output } from './evaluate/executor-process.js';
import { StreamCoalescer } from './output/streams.js';
import { Dispatcher } from './protocol/dispatch.js';
import { CellHistory } from './protocol/cell-history.js';
import { CellRequests, type Kernel } from './protocol/kernel.js';
import { Channels } from './wire/channels.js';
import { readConnection } from './wire/connection.js';

const file = process.argv[process.argv.indexOf('--connection-file') + 1];
if (!process.argv.includes('--connection-file') || file === undefined) {
  process.stderr.write('Usage: node main.js --connection-file FILE (Jupyter starts this; see install.js)\n');
  process.exit(2);
}

const channels = new Channels(readConnection(file));
const cells = new CellRequests();
const streams = new StreamCoalescer((cell, name, text) => publish(cell, 'stream', { name, text }));

function publish(cell: number, type: string, content: Record<string, unknown>): void {
  const owner = cells.get(cell);
  if (!owner?.isSilent) channels.publish(type, content, owner?.request.message.header ?? {});
}

function show(output: Output): void {
  if (output.kind === 'stream') return streams.write(output.cell, output.name, output.text);
  streams.flush();
  if (output.kind === 'clear') publish(output.cell, 'clear_output', { wait: output.wait });
  else if (output.kind === 'display') {
    const { data, metadata, displayId, update } = output;
    const transient = displayId === undefined ? {} : { display_id: displayId };
    publish(output.cell, update ? 'update_display_data' : 'display_data', { data, metadata, transient });
  } else {
    const owner = cells.get(output.cell);
    if (owner) kernel.inputRequest = channels.askInput(owner.request, output.prompt, output.password);
  }
}

let isClosing = false;
async function shutdown(code: number): Promise<void> {
  if (isClosing) return;
  isClosing = true;
  streams.flush();
  await executor.close();
  await converter.close();
  await channels.close();
  process.exit(code);
}

const converter = new ConverterThread();
const executor = new Executor(show, ({ reason, cell, wasRunning }) => {
  // Names without values would compile and then be undefined.
  void converter.reset();
  if (!wasRunning) streams.write(cell, 'stderr', `${reason}\n`);
});
const kernel: Kernel = {
  channels,
  converter,
  executor,
  streams,
  cells,
  history: new CellHistory(),
  executionCount: 0,
  interruptCount: 0,
  abortQueue: () => dispatcher.abortQueue(),
  shutdown,
};
const dispatcher = new Dispatcher(kernel);

process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void shutdown(0));
const parent = process.ppid;
// Whoever started the kernel is gone: nobody could ever use it again.
setInterval(() => process.ppid !== parent && void shutdown(0), 1000).unref();

await channels.open((request) => dispatcher.receive(request));
channels.publish('status', { execution_state: 'starting' }, {});
