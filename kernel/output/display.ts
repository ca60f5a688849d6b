import { randomUUID } from 'node:crypto';
import type { Bundle } from '../contract.js';
import { toBundle } from './bundle.js';
import { displaySymbol, escapeHtml } from '../preload.js';

/** Where displays go: the executor sends them to the front-end with the cell that they belong to. */
export interface DisplaySink {
  display(data: Bundle, options: { metadata: Bundle; displayId?: string; update: boolean }): void;
  clear(wait: boolean): void;
  /** The cell does not end before this display has been drawn. */
  wait(shown: Promise<void>): void;
}

export interface DisplayOptions {
  /** The value is a MIME bundle already. */
  raw?: boolean;
  /** A name for this output, by which later calls with `update` replace it. */
  display_id?: string;
  /** Replaces all outputs named `display_id`. */
  update?: boolean;
  metadata?: Record<string, unknown>;
}

/** Something that shows as itself in a cell: what `html`, `md` and `svg` make. */
class Fragment {
  constructor(
    readonly type: string,
    readonly text: string,
  ) {}

  [displaySymbol](): Bundle {
    return { [this.type]: this.text, 'text/plain': this.text };
  }

  toString(): string {
    return this.text;
  }
}

/** One output that can be shown again and again in the same place. */
export interface DisplayHandle {
  readonly id: string;
  update(value: unknown): Promise<void>;
}

/** What the cells know as the globals `display`, `clearOutput`, `html`, `md` and `svg`. */
export interface DisplayGlobals {
  /**
   * Shows a value below the cell, wherever the code stands.
   *
   * @example
   * display(dp.grid(images)); await display('step 1', { display_id: 'a' }); await display('step 2', { display_id: 'a', update: true });
   */
  display: Display;
  /** Removes the outputs of the cell so far; with `wait`, when the next one comes. */
  clearOutput(wait?: boolean): void;
  /** HTML with the values in it escaped, except what `html` made itself. */
  html: TemplateTag;
  /** Markdown. */
  md: TemplateTag;
  /** An SVG picture; the values in it are escaped. */
  svg: TemplateTag;
}

export type TemplateTag = (strings: TemplateStringsArray, ...values: unknown[]) => Fragment;

export interface Display {
  (value: unknown, options?: DisplayOptions): Promise<void>;
  html(text: string): Promise<void>;
  markdown(text: string): Promise<void>;
  latex(text: string): Promise<void>;
  svg(text: string): Promise<void>;
  png(bytes: Uint8Array): Promise<void>;
  jpeg(bytes: Uint8Array): Promise<void>;
  json(value: unknown): Promise<void>;
  text(text: string): Promise<void>;
  handle(): DisplayHandle;
}

export function displayGlobals(sink: DisplaySink): DisplayGlobals {
  const send = (data: Bundle, { metadata, display_id, update }: DisplayOptions): void =>
    sink.display(data, { metadata: metadata ?? {}, displayId: display_id, update: update ?? false });

  const show = (value: unknown, options: DisplayOptions = {}): Promise<void> => {
    const bundle = toBundle(options.raw ? raw(value as Bundle) : value);
    if (!(bundle instanceof Promise)) return Promise.resolve(send(bundle, options));
    const shown = bundle.then((drawn) => send(drawn, options));
    sink.wait(shown);
    return shown;
  };
  const as = (type: string) => (data: unknown) => show(raw({ [type]: data, 'text/plain': plain(data) }));
  const display = Object.assign(show, {
    html: as('text/html'),
    markdown: as('text/markdown'),
    latex: as('text/latex'),
    svg: as('image/svg+xml'),
    png: as('image/png'),
    jpeg: as('image/jpeg'),
    json: as('application/json'),
    text: as('text/plain'),
    handle: () => displayHandle(show),
  });
  return {
    display,
    clearOutput: (wait = false) => sink.clear(wait),
    html: tag('text/html', escapeHtml),
    md: tag('text/markdown', (text) => text),
    svg: tag('image/svg+xml', escapeHtml),
  };
}

function displayHandle(show: Display | ((value: unknown, options?: DisplayOptions) => Promise<void>)): DisplayHandle {
  const id = randomUUID();
  let isShown = false;
  return {
    id,
    async update(value) {
      const update = isShown;
      isShown = true;
      await show(value, { display_id: id, update });
    },
  };
}

function raw(bundle: Bundle): unknown {
  return { [displaySymbol]: () => bundle };
}

function plain(data: unknown): string {
  if (typeof data === 'string') return data;
  return data instanceof Uint8Array ? `image, ${data.length} bytes` : JSON.stringify(data);
}

function tag(type: string, escape: (text: string) => string): TemplateTag {
  const write = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(write).join('');
    return value instanceof Fragment ? value.text : escape(String(value));
  };
  return (strings, ...values) =>
    new Fragment(type, strings.map((text, i) => text + (i < values.length ? write(values[i]) : '')).join(''));
}
