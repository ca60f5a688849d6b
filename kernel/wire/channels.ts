import { Reply, Router, XPublisher, type Socket } from 'zeromq';
import { decode, encode, type Framed } from './frames.js';
import type { Content, Message } from './message.js';
import { Session } from './message.js';
import { readAll, SendQueue } from './socket.js';
import { Signer } from './sign.js';
import { address, type Channel, type Connection } from './connection.js';

const maxMessageSize = 256 * 1024 * 1024;

/** A request as it came: on which channel, from whom. */
export interface Request extends Framed {
  readonly channel: 'shell' | 'control' | 'stdin';
}

/** The kernel's side of the five sockets of the Jupyter protocol. */
export class Channels {
  readonly #session = new Session('kernel');
  readonly #signer: Signer;
  readonly #routers = { shell: router(), control: router(), stdin: router() };
  readonly #iopub = new XPublisher({ linger: 1000, sendHighWaterMark: 0, verbosity: 'allSubs' });
  readonly #heartbeat = new Reply({ linger: 0 });
  readonly #queues = {
    shell: new SendQueue(this.#routers.shell),
    control: new SendQueue(this.#routers.control),
    stdin: new SendQueue(this.#routers.stdin),
    iopub: new SendQueue(this.#iopub),
  };

  constructor(private readonly connection: Connection) {
    this.#signer = new Signer(connection.key, connection.signature_scheme);
  }

  /** Binds all sockets, then calls `onRequest` for each verified message. Wrongly signed ones vanish. */
  async open(onRequest: (request: Request) => void): Promise<void> {
    await this.#bind('hb', this.#heartbeat);
    await this.#bind('iopub', this.#iopub);
    for (const channel of ['stdin', 'control', 'shell'] as const) {
      await this.#bind(channel, this.#routers[channel]);
      void readAll(this.#routers[channel], (frames) => {
        const framed = decode(frames, this.#signer);
        if (framed) onRequest({ ...framed, channel });
      });
    }
    void readAll(this.#iopub, (frames) => this.#welcome(frames[0]));
    void this.#beat();
  }

  /** Answers a request on the channel that it came on. */
  reply(request: Request, type: string, content: Content): void {
    this.#send(request.channel, request.identities, this.#session.message(type, content, request.message.header));
  }

  /** Asks the front-end behind a request for a line of text. Returns the id of the question. */
  askInput(request: Request, prompt: string, password: boolean): string {
    const message = this.#session.message('input_request', { prompt, password }, request.message.header);
    this.#send('stdin', request.identities, message);
    return message.header.msg_id;
  }

  publish(
    type: string,
    content: Content,
    parent: Message['parent'],
    extra?: { metadata?: Content; buffers?: readonly Uint8Array[] },
  ): void {
    const topic = Buffer.from(`kernel.${this.#session.id}.${type}`);
    this.#send('iopub', [topic], this.#session.message(type, content, parent, extra));
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#queues).map((queue) => queue.drain()));
    for (const socket of [...Object.values(this.#routers), this.#iopub, this.#heartbeat]) socket.close();
  }

  #send(channel: 'shell' | 'control' | 'stdin' | 'iopub', identities: readonly Uint8Array[], message: Message): void {
    this.#queues[channel].send(encode({ identities, message }, this.#signer));
  }

  /** After a restart the ports of the process before may still be closing: tries for two seconds. */
  async #bind(channel: Channel, socket: Socket & { bind(address: string): Promise<void> }): Promise<void> {
    const { curve_publickey, curve_secretkey } = this.connection;
    if (curve_publickey && curve_secretkey) {
      Object.assign(socket, { curveServer: true, curvePublicKey: curve_publickey, curveSecretKey: curve_secretkey });
    }
    for (const deadline = Date.now() + 2000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      try {
        return await socket.bind(address(this.connection, channel));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || Date.now() > deadline) throw error;
      }
    }
  }

  /** JEP 65: a subscriber learns that its subscription has arrived. */
  #welcome(frame: Uint8Array | undefined): void {
    if (frame?.[0] !== 1) return;
    const topic = frame.subarray(1);
    const message = this.#session.message('iopub_welcome', { subscription: Buffer.from(topic).toString('utf8') });
    this.#send('iopub', [topic], message);
  }

  async #beat(): Promise<void> {
    while (!this.#heartbeat.closed) {
      try {
        await this.#heartbeat.send(await this.#heartbeat.receive());
      } catch {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

function router(): Router {
  return new Router({ handover: true, linger: 1000, maxMessageSize });
}
