/** Data by MIME type, as Jupyter sends it: text as string, binary as base64 string, JSON types as plain objects. */
export interface MimeBundle {
  readonly [mimeType: string]: unknown;
}

/** A value with a method of this name draws itself in a cell; Deno's kernel reads the same symbol. */
export const displaySymbol: unique symbol = Symbol.for('Jupyter.display') as never;

/** A value that draws itself in a cell. Every bundle holds `text/plain` for places that show nothing else. */
export interface Displayable {
  [displaySymbol](): MimeBundle | Promise<MimeBundle>;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as it may stand in HTML and in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/**
 * Lets values of a class of a lower layer draw themselves: displays know the class, the class knows no display.
 *
 * @example drawWith(Ledger, budget)
 */
export function drawWith<T extends object>(type: { readonly prototype: T }, draw: (value: T) => Displayable): void {
  const method = function (this: T) {
    return draw(this)[displaySymbol]();
  };
  Object.defineProperty(type.prototype, displaySymbol, { value: method, configurable: true });
}
