import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** A stream of random numbers. Which kind it is decides what it may be used for: see the two classes below. */
export interface RandomStream {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** A whole number in [0, below), unbiased. */
  integer(below: number): number;
  /** Fills with standard normals times `scale`. */
  fillNormal(into: Float32Array | Float64Array, scale?: number): void;
}

const blockBytes = 1 << 16;
const zeros = Buffer.alloc(blockBytes);

/**
 * AES-256 in counter mode as a stream of random numbers: a seed makes it repeatable, a key of the operating system
 * makes it secure. Normals are Box-Muller on 53-bit uniforms in double precision.
 */
class CipherStream implements RandomStream {
  readonly #cipher;
  #block = new DataView(new ArrayBuffer(0));
  #at = 0;
  #spare: number | undefined;

  constructor(key: Buffer) {
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  #uint32(): number {
    if (this.#at >= this.#block.byteLength) {
      const bytes = this.#cipher.update(zeros);
      this.#block = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#at = 0;
    }
    const value = this.#block.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  uniform(): number {
    const high = this.#uint32() >>> 5;
    const low = this.#uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  integer(below: number): number {
    // Values past the last whole multiple of `below` are thrown away, so that no remainder is favoured.
    const limit = Math.floor(9007199254740992 / below) * below;
    for (;;) {
      const value = this.uniform() * 9007199254740992;
      if (value < limit) return value % below;
    }
  }

  fillNormal(into: Float32Array | Float64Array, scale = 1): void {
    for (let i = 0; i < into.length; i++) into[i] = this.normal() * scale;
  }
}

/**
 * Random numbers that a seed repeats: initial weights, latents, shuffles of public data. Never privacy noise:
 * whoever knows the seed could subtract it.
 *
 * @example const stream = new SeededStream(7).fork('latents');
 */
export class SeededStream extends CipherStream {
  readonly #name: string;

  constructor(seed: number | string) {
    const name = `dpbench seeded stream ${seed}`;
    super(createHash('sha256').update(name).digest());
    this.#name = name;
  }

  /** An independent stream for one purpose; the order of forks does not matter. */
  fork(purpose: string): SeededStream {
    return new SeededStream(`${this.#name}/${purpose}`);
  }

  /** A permutation of 0 .. count - 1. */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

/**
 * Random numbers keyed by the operating system, for privacy noise and sampling coins: no option reaches it, and the key
 * is never stored. A failing draw throws; there is no fallback.
 */
export class SecureStream extends CipherStream {
  /** Only `insecureNoise` of a test passes a seed; a run made with one is marked as not private. */
  constructor(insecureNoiseSeed?: number) {
    super(
      insecureNoiseSeed === undefined
        ? randomBytes(32)
        : createHash('sha256').update(`dpbench insecure noise ${insecureNoiseSeed}`).digest(),
    );
  }
}
