import { expect, it } from 'vitest';
import { Signer } from '../../../kernel/wire/sign.js';

const parts = ['a', 'b', 'c', 'd'].map((text) => Buffer.from(text));
// python3 -c "import hmac; print(hmac.new(b'key', b'abcd', 'sha256').hexdigest())"
const digest = '2a31ec0ee8d878c9eece9fb0df79b3b90b2256240163aa5ee50d176d3d1121f8';

it('signs as hmac of Python does', () => {
  expect(new Signer('key').sign(parts)).toBe(digest);
});

it('accepts its own signature and no other', () => {
  const signer = new Signer('key');
  const signature = Buffer.from(signer.sign(parts));
  expect(signer.verify(signature, parts)).toBe(true);
  expect(signer.verify(signature, [...parts.slice(0, 3), Buffer.from('D')])).toBe(false);
  expect(signer.verify(signature.subarray(1), parts)).toBe(false);
  expect(new Signer('other').verify(signature, parts)).toBe(false);
});

it('knows other hashes, and an empty key signs nothing', () => {
  expect(new Signer('key', 'hmac-sha512').sign(parts)).toHaveLength(128);
  expect(new Signer('').sign(parts)).toBe('');
  expect(new Signer('').verify(Buffer.from('anything'), parts)).toBe(true);
});

it('refuses an unknown scheme', () => {
  expect(() => new Signer('key', 'rot13')).toThrow(
    "signature_scheme 'rot13' is unknown; expected hmac-sha256 or hmac-sha512.",
  );
});
