/**
 * Makes type declarations written for current TypeScript readable for TypeScript 5.0, which is what tslab's converter
 * is built on. Without this an API silently becomes `any`, because errors in declaration files are not shown.
 */
export function downlevel(_path: string, text: string): string {
  if (!text.includes('Array<')) return text;
  return text.replaceAll(genericArray, '$1');
}

/** `Float32Array<ArrayBuffer>`: typed arrays got a type parameter in TypeScript 5.7. */
const genericArray =
  /\b((?:Int8|Uint8|Uint8Clamped|Int16|Uint16|Int32|Uint32|Float16|Float32|Float64|BigInt64|BigUint64)Array)<(?:ArrayBuffer(?:Like)?|SharedArrayBuffer|TArrayBuffer|T|B)>/g;
