import { escapeHtml } from '../../core/mime.js';

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One SVG element as text. Attribute values are escaped here; children are SVG already (text goes through `text`). */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeHtml(typeof value === 'number' ? coordinate(value) : clean(value!))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** A text element; `content` is any text, also a hostile one. */
export function text(content: string, attributes: Attributes): string {
  return element('text', attributes, escapeHtml(clean(content)));
}

/** Two decimals are finer than a pixel and keep the file small and the same on every machine. */
export function coordinate(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** A picture as an address that an `<img>` can hold; scripts inside an image never run. */
export function svgAddress(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg, 'utf8').toString('base64')}`;
}

/** The width that a text takes, about: sans-serif letters are 0.56 of the font size wide on average. */
export function textWidth(content: string, fontSize: number): number {
  return content.length * fontSize * 0.56;
}

/** The text broken at spaces into lines of at most `letters`; a longer word stays whole. */
export function wrapped(content: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The text itself when it fits, else its beginning and an ellipsis. */
export function shortened(content: string, letters: number): string {
  return content.length > letters ? `${content.slice(0, letters - 1)}…` : content;
}

/** Without the control characters that XML does not allow. */
function clean(content: string): string {
  // eslint-disable-next-line no-control-regex
  return content.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
}
