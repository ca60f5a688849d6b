/** What a tensor of a file becomes here. */
type TensorType = 'float32' | 'int32' | 'bool';

interface ElementType {
  readonly bytes: number;
  readonly becomes: TensorType;
  /** The element at a byte offset. */
  at(view: DataView, offset: number): number;
}

/**
 * The element types of safetensors that TensorFlow.js can hold, at least by a wider type. All are little-endian in the file.
 * Float64 loses digits; whole numbers must fit 32 bits (`decode` says which one does not).
 */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  F64: { bytes: 8, becomes: 'float32', at: (view, offset) => view.getFloat64(offset, true) },
  F32: { bytes: 4, becomes: 'float32', at: (view, offset) => view.getFloat32(offset, true) },
  F16: { bytes: 2, becomes: 'float32', at: (view, offset) => halfFloat(view.getUint16(offset, true)) },
  BF16: { bytes: 2, becomes: 'float32', at: (view, offset) => upperHalf(view.getUint16(offset, true)) },
  I64: { bytes: 8, becomes: 'int32', at: (view, offset) => Number(view.getBigInt64(offset, true)) },
  U64: { bytes: 8, becomes: 'int32', at: (view, offset) => Number(view.getBigUint64(offset, true)) },
  I32: { bytes: 4, becomes: 'int32', at: (view, offset) => view.getInt32(offset, true) },
  U32: { bytes: 4, becomes: 'int32', at: (view, offset) => view.getUint32(offset, true) },
  I16: { bytes: 2, becomes: 'int32', at: (view, offset) => view.getInt16(offset, true) },
  U16: { bytes: 2, becomes: 'int32', at: (view, offset) => view.getUint16(offset, true) },
  I8: { bytes: 1, becomes: 'int32', at: (view, offset) => view.getInt8(offset) },
  U8: { bytes: 1, becomes: 'int32', at: (view, offset) => view.getUint8(offset) },
  BOOL: { bytes: 1, becomes: 'bool', at: (view, offset) => view.getUint8(offset) },
};

/** IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits. */
function halfFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** Bfloat16 is the upper half of a float32. */
function upperHalf(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

export type Values = Float32Array | Int32Array | Uint8Array;

/** Bytes of a file to values, or the first value that the tensor's type cannot hold. */
export function decode(bytes: Uint8Array, type: ElementType): { values: Values } | { outside: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.byteLength / type.bytes;
  const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  const values = new arrays[type.becomes](count);
  for (let i = 0; i < count; i++) {
    const value = type.at(view, i * type.bytes);
    values[i] = value;
    const kept =
      type.becomes === 'float32' ? Number.isFinite(values[i]) || !Number.isFinite(value) : values[i] === value;
    if (!kept || (type.becomes === 'bool' && value > 1)) return { outside: value };
  }
  return { values };
}
