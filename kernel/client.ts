/** A small Jupyter client: starts a kernel, runs code in it, collects what comes back. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dealer, Subscriber } from 'zeromq';
import { OutputCollector, type CellOutput } from './outputs.js';
import { address, type Connection } from './wire/connection.js';
import { decode, encode } from './wire/frames.js';
import { Session, type Content, type Message } from './wire/message.js';
import { Signer } from './wire/sign.js';
import { readAll, SendQueue } from './wire/socket.js';

export interface StartOptions {
  /** The command of the kernel, as in `kernel.json`; this package's own kernel when absent. */
  readonly argv?: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ports and key to use again, as for a restart; free ones and a fresh key when absent. */
  readonly connection?: Connection;
  /** Milliseconds until the kernel must have answered; 30 s when absent. */
  readonly startTimeout?: number;
}

export interface ExecuteOptions {
  readonly silent?: boolean;
  readonly store_history?: boolean;
  readonly stop_on_error?: boolean;
  readonly user_expressions?: Record<string, string>;
  /** Answers `prompt`; without it the kernel is told that there is no input. */
  readonly onInput?: (prompt: string, password: boolean) => string | Promise<string>;
  readonly onMessage?: (message: Message) => void;
  /** Where the outputs go while they come; an array of its own when absent. */
  readonly outputs?: CellOutput[];
}

export interface Execution {
  readonly status: 'ok' | 'error' | 'aborted';
  readonly reply: Content;
  readonly outputs: CellOutput[];
  /** All IOPub messages of the request, in order. */
  readonly messages: readonly Message[];
}

/** The command that starts this package's kernel (compiled). */
const ownKernel: readonly string[] = [
  process.execPath,
  join(dirname(fileURLToPath(import.meta.url)), 'main.js'),
  '--connection-file',
  '{connection_file}',
];

interface Waiting {
  readonly messages: Message[];
  readonly onMessage: (message: Message) => void;
  readonly onInput?: ExecuteOptions['onInput'];
  onReply: (reply: Message) => void;
  onIdle: () => void;
  reject: (error: Error) => void;
}

export class KernelClient {
  readonly #session = new Session('client');
  readonly #signer: Signer;
  readonly #shell = new Dealer({ linger: 500 });
  readonly #control = new Dealer({ linger: 500 });
  readonly #stdin = new Dealer({ linger: 500 });
  readonly #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  readonly #queues = {
    shell: new SendQueue(this.#shell),
    control: new SendQueue(this.#control),
    stdin: new SendQueue(this.#stdin),
  };
  readonly #waiting = new Map<string, Waiting>();
  readonly #collector = new OutputCollector();
  #welcome: () => void = () => undefined;
  #exit: { code: number | null; signal: string | null } | undefined;
  /** Resolves when the kernel's process has ended. */
  readonly exited: Promise<void>;

  private constructor(
    readonly connection: Connection,
    readonly process: ChildProcess,
    private readonly folder: string,
  ) {
    this.#signer = new Signer(connection.key, connection.signature_scheme);
    this.exited = new Promise((resolve) => {
      process.once('error', () => resolve());
      process.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        resolve();
      });
    });
    // Messages on their way may still tell what happened; then whoever waits learns that nothing more comes.
    void this.exited.then(() => setTimeout(() => this.#kernelEnded(), 500));
  }

  /** Starts a kernel and waits until it answers. */
  static async start(options: StartOptions = {}): Promise<KernelClient> {
    const { argv = ownKernel, cwd, env, startTimeout = 30_000 } = options;
    const folder = mkdtempSync(join(tmpdir(), 'dpbench-kernel-'));
    const file = join(folder, 'connection.json');
    const connection = options.connection ?? (await freeConnection());
    writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
    const [command, ...rest] = argv.map((word) => word.replace('{connection_file}', file));
    const child = spawn(command!, rest, {
      cwd,
      env: env ?? process.env,
      stdio: ['ignore', 'inherit', 'inherit'],
      // Signals of a terminal are for this process, which ends the kernel in its own way.
      detached: process.platform !== 'win32',
    });
    const client = new KernelClient(connection, child, folder);
    try {
      await client.#connect(startTimeout);
    } catch (error) {
      await client.kill();
      throw error;
    }
    return client;
  }

  /** Runs code; resolves when the kernel is done with it, also when the code fails. */
  async execute(code: string, options: ExecuteOptions = {}): Promise<Execution> {
    const { onInput, onMessage, outputs = [], ...fields } = options;
    const content = {
      code,
      silent: false,
      store_history: !fields.silent,
      user_expressions: {},
      stop_on_error: true,
      allow_stdin: onInput !== undefined,
      ...fields,
    };
    const apply = (message: Message): void => {
      this.#collector.apply(outputs, message);
      onMessage?.(message);
    };
    const { reply, messages } = await this.#ask('shell', 'execute_request', content, apply, onInput);
    return { status: reply.content.status as Execution['status'], reply: reply.content, outputs, messages };
  }

  /** Any other request; resolves to the content of the reply. */
  async request(channel: 'shell' | 'control', type: string, content: Content = {}): Promise<Content> {
    return (await this.#ask(channel, type, content)).reply.content;
  }

  /** Sends a message and waits for nothing. */
  send(channel: 'shell' | 'control' | 'stdin', message: Message): void {
    this.#queues[channel].send(encode({ identities: [], message }, this.#signer));
  }

  /** Sends frames as they are. */
  sendFrames(channel: 'shell' | 'control', frames: readonly string[]): void {
    this.#queues[channel].send(frames.map((frame) => Buffer.from(frame)));
  }

  message(type: string, content: Content, parent?: Message['parent']): Message {
    return this.#session.message(type, content, parent);
  }

  async interrupt(): Promise<void> {
    await this.request('control', 'interrupt_request');
  }

  /** Asks the kernel to end, and ends it when it does not within 5 s. */
  async shutdown(): Promise<void> {
    if (!this.#exit) {
      this.send('control', this.message('shutdown_request', { restart: false }));
      const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000);
      await this.exited;
      clearTimeout(timer);
    }
    this.#close();
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    if (this.process.pid !== undefined) await this.exited;
    this.#close();
  }

  async #connect(timeout: number): Promise<void> {
    // Input requests come to the identity that sent the cell.
    this.#shell.routingId = this.#stdin.routingId = randomUUID();
    this.#shell.connect(address(this.connection, 'shell'));
    this.#control.connect(address(this.connection, 'control'));
    this.#stdin.connect(address(this.connection, 'stdin'));
    this.#iopub.connect(address(this.connection, 'iopub'));
    this.#iopub.subscribe();
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub]) {
      void readAll(socket, (frames) => this.#receive(decode(frames, this.#signer)?.message));
    }
    const welcomed = new Promise<void>((resolve) => (this.#welcome = resolve));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`The kernel did not answer within ${timeout / 1000} s.`)), timeout);
    });
    late.catch(() => undefined);
    try {
      // Before the subscription has arrived, outputs go nowhere; a kernel older than protocol 5.5 does not tell.
      await Promise.race([welcomed, sleep(1000), this.exited]);
      await Promise.race([this.#untilAnswered(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #untilAnswered(): Promise<void> {
    for (;;) {
      const answered = this.request('shell', 'kernel_info_request').then(() => true);
      if (await Promise.race([answered, sleep(1000)])) return;
    }
  }

  async #ask(
    channel: 'shell' | 'control',
    type: string,
    content: Content,
    onMessage: (message: Message) => void = () => undefined,
    onInput?: ExecuteOptions['onInput'],
  ): Promise<{ reply: Message; messages: Message[] }> {
    if (this.#exit) throw this.#endError();
    const message = this.#session.message(type, content);
    const messages: Message[] = [];
    const answer = await new Promise<Message>((resolve, reject) => {
      let reply: Message | undefined;
      let isIdle = false;
      const check = (): void => {
        if (!reply || !isIdle) return;
        this.#waiting.delete(message.header.msg_id);
        resolve(reply);
      };
      this.#waiting.set(message.header.msg_id, {
        messages,
        onMessage,
        onInput,
        onReply: (got) => ((reply = got), check()),
        onIdle: () => ((isIdle = true), check()),
        reject,
      });
      this.send(channel, message);
    });
    return { reply: answer, messages };
  }

  #receive(message: Message | undefined): void {
    if (!message) return;
    const { header, parent, content } = message;
    if (header.msg_type === 'iopub_welcome') return this.#welcome();
    const waiting = this.#waiting.get(parent.msg_id ?? '');
    if (!waiting) return;
    if (header.msg_type === 'input_request') {
      const answer = waiting.onInput?.(String(content.prompt as string), content.password === true) ?? '';
      void Promise.resolve(answer).then((value) =>
        this.send('stdin', this.message('input_reply', { value, status: 'ok' }, header)),
      );
    } else if (header.msg_type.endsWith('_reply') && header.msg_type !== 'shutdown_reply') waiting.onReply(message);
    else {
      waiting.messages.push(message);
      waiting.onMessage(message);
      if (header.msg_type === 'status' && content.execution_state === 'idle') waiting.onIdle();
    }
  }

  #kernelEnded(): void {
    for (const { reject } of this.#waiting.values()) reject(this.#endError());
    this.#waiting.clear();
  }

  #endError(): Error {
    const how = this.#exit?.signal ? `signal ${this.#exit.signal}` : `exit code ${this.#exit?.code ?? 'unknown'}`;
    return new Error(`The kernel's process has ended (${how}).`);
  }

  #close(): void {
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub]) socket.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Five free ports on the loopback interface, and a fresh key. */
async function freeConnection(): Promise<Connection> {
  const servers = await Promise.all(Array.from({ length: 5 }, listen));
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ close }) => close()));
  return {
    transport: 'tcp',
    ip: '127.0.0.1',
    shell_port: shell_port!,
    iopub_port: iopub_port!,
    stdin_port: stdin_port!,
    control_port: control_port!,
    hb_port: hb_port!,
    key: randomUUID(),
    signature_scheme: 'hmac-sha256',
  };
}

async function listen(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
