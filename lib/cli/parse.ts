import { InvalidArgumentError } from 'commander';

/** A number of an option: `1e-5`, `10`. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError(`got '${text}', expected a number.`);
  return value;
}

/** Several numbers: `0.2,1,10`. */
export const numbers = (text: string): number[] => text.split(',').map(number);

/** Several names: `dp-merf,dpdm`. */
export const names = (text: string): string[] => text.split(',').map((name) => name.trim());

/** `name=value`, collected: the value is read as JSON where it is JSON, else as text. */
export function assignment(text: string, collected: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`got '${text}', expected name=value.`);
  const value = text.slice(at + 1);
  try {
    return { ...collected, [text.slice(0, at)]: JSON.parse(value) as unknown };
  } catch {
    return { ...collected, [text.slice(0, at)]: value };
  }
}
