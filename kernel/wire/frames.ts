import { toJson, type Content, type Header, type Message } from './message.js';
import type { Signer } from './sign.js';

const delimiter = Buffer.from('<IDS|MSG>');
const maximumFrames = 64;

export interface Framed {
  /** Routing prefixes: where a reply goes to (ROUTER), or the topic (PUB). */
  readonly identities: readonly Uint8Array[];
  readonly message: Message;
}

/** `[identity…] <IDS|MSG> signature header parent metadata content [buffer…]` */
export function encode({ identities, message }: Framed, signer: Signer): Uint8Array[] {
  const parts = [message.header, message.parent, message.metadata, message.content].map(toJson);
  return [...identities, delimiter, Buffer.from(signer.sign(parts)), ...parts, ...message.buffers];
}

/** Reads frames; undefined for anything malformed or wrongly signed. The signature is checked before any parsing. */
export function decode(frames: readonly Uint8Array[], signer: Signer): Framed | undefined {
  if (frames.length > maximumFrames) return undefined;
  const at = frames.findIndex((frame) => delimiter.equals(frame));
  const signature = frames[at + 1];
  const parts = frames.slice(at + 2, at + 6);
  if (at < 0 || signature === undefined || parts.length < 4 || !signer.verify(signature, parts)) return undefined;
  try {
    const [header, parent, metadata, content] = parts.map(parseObject);
    if (typeof header?.msg_type !== 'string' || typeof header.msg_id !== 'string') return undefined;
    return {
      identities: frames.slice(0, at),
      message: {
        header: header as unknown as Header,
        parent: (parent ?? {}) as Message['parent'],
        metadata: metadata ?? {},
        content: content ?? {},
        buffers: frames.slice(at + 6),
      },
    };
  } catch {
    return undefined;
  }
}

function parseObject(part: Uint8Array): Content {
  const value: unknown = JSON.parse(Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not an object');
  return value as Content;
}
