import type { DataError } from '../../core/errors.js';
import type { Source } from './weight-file.js';

/** Longest whole number in bytes or digits: PyTorch's magic number has 10 bytes; conversions of huge ones take squared time. */
const maxNumber = 255;

/** The arguments of opcodes, from bytes that may end anywhere. */
export class PickleReader {
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(
    private readonly problem: Source['problem'],
    private readonly buffer: Buffer,
    public at: number,
  ) {}

  damaged(what: string, got?: number): DataError {
    return this.problem(`the pickle is damaged: before byte ${this.at} it ${what}`, {
      got,
      next: 'Copy or make it again.',
    });
  }

  bytes(count: number): Buffer {
    const start = this.at;
    if (count > this.buffer.length - start)
      throw this.problem('the file ends inside its pickle, as if it had been cut off', {
        got: this.buffer.length,
        expected: `at least ${start + count} bytes`,
        next: 'Copy or make it again.',
      });
    this.at += count;
    return this.buffer.subarray(start, this.at);
  }

  uint(bytes: 1 | 2 | 4): number {
    return this.bytes(bytes).readUIntLE(0, bytes);
  }

  /** A length: those beyond the exact numbers are beyond any file as well. */
  uint64(): number {
    return Number(this.bytes(8).readBigUInt64LE());
  }

  int32(): number {
    return this.bytes(4).readInt32LE();
  }

  float64(): number {
    return this.bytes(8).readDoubleBE();
  }

  /** Little-endian with a sign, of any length. */
  long(count: number): number | bigint {
    if (count > maxNumber) throw this.damaged('has a whole number that is too long', count);
    const bytes = this.bytes(count);
    const hex = Buffer.from(bytes).reverse().toString('hex');
    return exact(BigInt.asIntN(count * 8, BigInt(`0x${hex || '0'}`)));
  }

  /** Text to the end of the line: digits, 00 and 01 for false and true, an L behind long ones. */
  decimal(): number | bigint | boolean {
    const line = this.line();
    if (line === '00' || line === '01') return line === '01';
    const digits = line.replace(/L$/, '');
    if (digits.length > maxNumber || !/^-?\d+$/.test(digits)) throw this.damaged('has a whole number that is none');
    return exact(BigInt(digits));
  }

  text(count: number): string {
    const bytes = this.bytes(count);
    try {
      return this.utf8.decode(bytes);
    } catch {
      throw this.damaged('has text that is not UTF-8');
    }
  }

  /** The text before the next line feed. */
  line(): string {
    const end = this.buffer.indexOf(10, this.at);
    const text = this.text(end < 0 ? this.buffer.length - this.at + 1 : end - this.at);
    this.at++;
    return text;
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
