import { randomUUID } from 'node:crypto';
import { protocolVersion } from '../contract.js';

export interface Header {
  readonly msg_id: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly msg_type: string;
  readonly version: string;
}

export type Content = Record<string, unknown>;

export interface Message {
  readonly header: Header;
  /** The header of the request that this answers; `{}` for the few messages that answer nothing. */
  readonly parent: Header | Record<string, never>;
  readonly metadata: Content;
  readonly content: Content;
  readonly buffers: readonly Uint8Array[];
}

/** Makes messages of one session: a kernel process, or a client. */
export class Session {
  readonly id = randomUUID();

  constructor(private readonly username: string) {}

  message(
    type: string,
    content: Content,
    parent: Message['parent'] = {},
    extra: { metadata?: Content; buffers?: readonly Uint8Array[] } = {},
  ): Message {
    const header: Header = {
      msg_id: randomUUID(),
      session: this.id,
      username: this.username,
      date: new Date().toISOString(),
      msg_type: type,
      version: protocolVersion,
    };
    return { header, parent, content, metadata: extra.metadata ?? {}, buffers: extra.buffers ?? [] };
  }
}

/**
 * JSON for the wire: what JSON cannot say becomes null (NaN, infinities) or text (BigInt), and half an emoji, which
 * Python's readers choke on, the replacement character.
 */
export function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, (_key, inner: unknown) => plain(inner)));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'string' ? value.toWellFormed() : value;
}
