/**
 * Makes type declarations written for current TypeScript readable for TypeScript 5.0, which is what tslab's converter
 * is built on. Without this an API silently becomes `any`, because errors in declaration files are not shown.
 */
export function downlevel(_path: string, text: string): string {
  const own = text.replace(namespaceGlobal, '');
  return own.includes('Array<') ? own.replaceAll(genericArray, '$1') : own;
}

/** `export as namespace Plotly;` would win over the global of that name that the kernel declares. */
const namespaceGlobal = /^export as namespace \w+;/gm;

/** `Float32Array<ArrayBuffer>`: typed arrays got a type parameter in TypeScript 5.7. */
const genericArray =
  /\b((?:Int8|Uint8|Uint8Clamped|Int16|Uint16|Int32|Uint32|Float16|Float32|Float64|BigInt64|BigUint64)Array)<(?:ArrayBuffer(?:Like)?|SharedArrayBuffer|TArrayBuffer|T|B)>/g;
