import { DpbenchError } from '../core/errors.js';
import type { RandomStream } from '../core/rng.js';

/**
 * Coins with exact rational probabilities, from uniform bits and whole numbers only: no floating-point number takes part, so
 * no rounding can betray what the noise was added to. Canonne, Kamath, Steinke: The Discrete Gaussian for Differential
 * Privacy, 2020, arXiv 2004.00010, section 5.
 */
export class ExactCoins {
  readonly #stream: RandomStream;

  constructor(stream: RandomStream) {
    this.#stream = stream;
  }

  #word(): number {
    const word = Math.floor(this.#stream.uniform() * 2 ** 32);
    if (word >= 0 && word < 2 ** 32) return word;
    throw new DpbenchError({
      asked: 'exact noise',
      wrong: 'the source of randomness failed, so nothing is released',
      got: word,
      expected: 'a uniform number in [0, 1)',
    });
  }

  /** 0 or 1 with equal probability. */
  bit(): 0 | 1 {
    return this.#word() % 2 === 0 ? 0 : 1;
  }

  /** A whole number from 0 to `limit - 1`, each equally likely. */
  below(limit: bigint): bigint {
    const bits = (limit - 1n).toString(2).length;
    for (;;) {
      let value = 0n;
      for (let drawn = 0; drawn < bits; drawn += 32) value = (value << 32n) | BigInt(this.#word());
      value &= (1n << BigInt(bits)) - 1n;
      if (value < limit) return value;
    }
  }

  /** True with probability `numerator / denominator` (at most 1): digits are drawn only until they decide. */
  bernoulli(numerator: bigint, denominator: bigint): boolean {
    if (numerator >= denominator) return true;
    for (let rest = numerator; rest > 0n;) {
      rest <<= 32n;
      const digit = Number(rest / denominator);
      const drawn = this.#word();
      if (drawn !== digit) return drawn < digit;
      rest -= BigInt(digit) * denominator;
    }
    return false;
  }

  /** True with probability exp(-numerator / denominator), numerator at least 0: Algorithm 1. */
  bernoulliExp(numerator: bigint, denominator: bigint): boolean {
    let rest = numerator;
    for (; rest > denominator; rest -= denominator) if (!this.#bernoulliExpSmall(1n, 1n)) return false;
    return this.#bernoulliExpSmall(rest, denominator);
  }

  /** The same for exponents up to 1: the length of a run of coins of probability gamma / k is odd. */
  #bernoulliExpSmall(numerator: bigint, denominator: bigint): boolean {
    let k = 1n;
    while (this.bernoulli(numerator, denominator * k)) k++;
    return k % 2n === 1n;
  }
}
