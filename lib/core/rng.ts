import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { ends, outsideTheBox } from './ziggurat.js';

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
 * makes it secure. Normals come from the ziggurat with 53 random bits for the place in a layer.
 */
class CipherStream implements RandomStream {
  readonly #cipher;
  /** Random words, used in pairs. */
  #words = new Uint32Array(0);
  #at = 0;
  readonly #uniform = (): number => this.uniform();

  constructor(key: Buffer) {
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  #refill(): void {
    const bytes = this.#cipher.update(zeros);
    // A view needs an address that is a multiple of 4; the cipher gives such a buffer, else it is copied.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
    this.#words = new Uint32Array(aligned.buffer, aligned.byteOffset, blockBytes / 4);
    this.#at = 0;
  }

  uniform(): number {
    if (this.#at >= this.#words.length) this.#refill();
    const high = this.#words[this.#at]! >>> 5;
    const low = this.#words[this.#at + 1]! >>> 6;
    this.#at += 2;
    return (high * 67108864 + low) * 2 ** -53;
  }

  normal(): number {
    for (;;) {
      if (this.#at >= this.#words.length) this.#refill();
      const high = this.#words[this.#at]!;
      const low = this.#words[this.#at + 1]!;
      this.#at += 2;
      // 32 + 21 bits for the place, 8 for the layer, 1 for the sign: no bit is used twice.
      const layer = low & 255;
      const x = (high * 2097152 + (low >>> 11)) * 2 ** -53 * ends[layer]!;
      const distance = x < ends[layer + 1]! ? x : outsideTheBox(layer, x, this.#uniform);
      if (distance !== undefined) return (low & 256) === 0 ? distance : -distance;
    }
  }

  integer(below: number): number {
    // Values past the last whole multiple of `below` are thrown away, so that no remainder is favoured.
    const limit = Math.floor(2 ** 53 / below) * below;
    for (;;) {
      const value = this.uniform() * 2 ** 53;
      if (value < limit) return value % below;
    }
  }

  fillNormal(into: Float32Array | Float64Array, scale = 1): void {
    let i = 0;
    while (i < into.length) {
      // The same numbers as by `normal`, with the common case in a loop of local variables: a quarter faster.
      const words = this.#words;
      let at = this.#at;
      for (; i < into.length && at < words.length; i++) {
        const high = words[at]!;
        const low = words[at + 1]!;
        const layer = low & 255;
        const x = (high * 2097152 + (low >>> 11)) * 2 ** -53 * ends[layer]!;
        if (x >= ends[layer + 1]!) break;
        into[i] = ((low & 256) === 0 ? x : -x) * scale;
        at += 2;
      }
      this.#at = at;
      if (i < into.length) into[i++] = this.normal() * scale;
    }
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
 *
 * AES-256 in counter mode under a key that nobody has cannot be told from true randomness by any known means, and it costs
 * little: 80 M normals a second on one core of a two-core machine, of which the cipher takes a fifth (measured on `fillNormal`
 * with a `Float32Array` of 2 million). The engine's own counter-based generator
 * (Philox, 100 M a second) is therefore not used for noise: its key has 64 bits and it was never meant to resist an
 * adversary.
 *
 * Floating point: normals are doubles with gaps, so a sum of a private value and one of them can betray the value's last
 * bits (Mironov 2012 for Laplace; Haney et al. 2022, "Precision-based attacks", for any continuous noise). Releases of whole
 * vectors and counts take their noise from `lib/mechanisms/lattice-gaussian.ts`, which is exact; DP-SGD, which draws a vector a
 * step, rounds noise and values to a lattice (`lib/mechanisms/dp-sgd/rounded-noise.ts`), and its ledger says so.
 */
export class SecureStream extends CipherStream {
  readonly #insecure: boolean;

  /** Only `insecureNoise` of a test passes a seed; a run made with one is marked as not private. */
  constructor(insecureNoiseSeed?: number) {
    super(
      insecureNoiseSeed === undefined
        ? randomBytes(32)
        : createHash('sha256').update(`dpbench insecure noise ${insecureNoiseSeed}`).digest(),
    );
    this.#insecure = insecureNoiseSeed !== undefined;
  }

  /** True when a test made it repeatable: what it protects is not private. */
  get insecure(): boolean {
    return this.#insecure;
  }
}
