import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signs and checks messages with the key of the connection file. An empty key signs and checks nothing. */
export class Signer {
  readonly #algorithm: string;

  constructor(
    private readonly key: string,
    scheme = 'hmac-sha256',
  ) {
    const match = /^hmac-(sha\d+)$/.exec(scheme);
    if (!match) throw new Error(`signature_scheme '${scheme}' is unknown; expected hmac-sha256 or hmac-sha512.`);
    this.#algorithm = match[1]!;
  }

  /** Lowercase hexadecimal digest over the four JSON frames; buffers are not covered, as the protocol says. */
  sign(parts: readonly Uint8Array[]): string {
    if (!this.key) return '';
    const digest = createHmac(this.#algorithm, this.key);
    for (const part of parts) digest.update(part);
    return digest.digest('hex');
  }

  verify(signature: Uint8Array, parts: readonly Uint8Array[]): boolean {
    if (!this.key) return true;
    const expected = Buffer.from(this.sign(parts));
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
}
