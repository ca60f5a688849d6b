import { expect, it } from 'vitest';
import { decode, encode } from '../../../kernel/wire/frames.js';
import { Session, toJson } from '../../../kernel/wire/message.js';
import { Signer } from '../../../kernel/wire/sign.js';

const signer = new Signer('secret');
const message = new Session('test').message('execute_request', { code: '1', text: 'ä😀' });
const identities = [Buffer.from('one'), Buffer.from('two')];

it('brings a message with identities and buffers back', () => {
  const buffers = [Buffer.from([1, 2, 3]), Buffer.alloc(0)];
  const frames = encode({ identities, message: { ...message, buffers } }, signer);
  const back = decode(frames, signer)!;
  expect(back.identities).toEqual(identities);
  expect(back.message).toEqual({ ...message, buffers });
});

it('takes a message without any identity', () => {
  expect(decode(encode({ identities: [], message }, signer), signer)?.identities).toEqual([]);
});

it('does not sign buffers', () => {
  const plain = encode({ identities: [], message }, signer);
  const buffered = encode({ identities: [], message: { ...message, buffers: [Buffer.from('x')] } }, signer);
  expect(Buffer.from(buffered[1]!).toString()).toBe(Buffer.from(plain[1]!).toString());
});

it.each([
  ['another key', (frames: Uint8Array[]) => frames, new Signer('other')],
  ['no delimiter', (frames: Uint8Array[]) => frames.slice(3), signer],
  ['a missing part', (frames: Uint8Array[]) => frames.slice(0, -1), signer],
  ['nothing', () => [], signer],
  ['too many frames', (frames: Uint8Array[]) => [...Array<Uint8Array>(60).fill(Buffer.from('x')), ...frames], signer],
])('drops a message with %s', (_name, change, reader) => {
  expect(decode(change(encode({ identities, message }, signer)), reader)).toBeUndefined();
});

it.each(['not json', '[]', 'null', '{"msg_type":1,"msg_id":"a"}', '{"msg_type":"a"}'])(
  'drops the header %s',
  (header) => {
    const parts = [header, '{}', '{}', '{}'].map((text) => Buffer.from(text));
    const frames = [Buffer.from('<IDS|MSG>'), Buffer.from(signer.sign(parts)), ...parts];
    expect(decode(frames, signer)).toBeUndefined();
  },
);

it('writes what JSON cannot say as null or text', () => {
  const value = { a: NaN, b: Infinity, c: 10n, d: undefined, e: '\ud800' };
  expect(JSON.parse(toJson(value).toString())).toEqual({ a: null, b: null, c: '10', e: '\ufffd' });
});
