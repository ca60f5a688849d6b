import type { Config, Data, Layout } from 'plotly.js';
import { OptionError } from '../core/errors.js';
import { displaySymbol, type Displayable, type MimeBundle } from '../core/mime.js';
import { figurePage, type PlainFigure } from './plotly-page.js';
import { staticChart } from './static-chart.js';

export type { Config, Data, Layout } from 'plotly.js';
export { setRenderer, type Renderer } from './plotly-page.js';

/**
 * A Plotly figure that draws itself in a cell: interactive where scripts run, a static picture elsewhere, one line of
 * text in a terminal. It holds plain JSON values; typed arrays became arrays, NaN became null (a gap).
 */
export class PlotlyFigure implements Displayable {
  readonly data: readonly Data[];
  readonly layout: Partial<Layout>;
  readonly config: Partial<Config>;

  constructor(data: readonly Data[], layout: Partial<Layout> = {}, config: Partial<Config> = {}) {
    if (!Array.isArray(data))
      throw new OptionError({ asked: 'newPlot', wrong: 'data is not a list', got: data, expected: '[{ x, y }, …]' });
    this.data = plain(data);
    this.layout = plain(layout);
    this.config = plain({ responsive: true, displaylogo: false, ...config });
  }

  /** The static picture as SVG text, for files and papers. */
  toSvg(): string {
    return staticChart(this.data, this.layout);
  }

  toString(): string {
    const names = this.data.map((trace) => {
      const { type = 'scatter', name } = trace as { type?: string; name?: string };
      return name === undefined ? type : `${type} '${name}'`;
    });
    const title = titleOf(this.layout);
    const count = `${names.length} ${names.length === 1 ? 'trace' : 'traces'}`;
    const listed = names.length === 0 ? '' : ` (${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''})`;
    return `Plotly figure${title === '' ? '' : ` '${title}'`}: ${count}${listed}`;
  }

  [displaySymbol](): MimeBundle {
    const figure: PlainFigure = {
      data: this.data,
      layout: this.layout,
      config: this.config,
    };
    return {
      'application/vnd.plotly.v1+json': figure,
      'text/html': figurePage(figure, this.toSvg(), this.toString()),
      'text/plain': this.toString(),
    };
  }
}

/**
 * Makes a figure from Plotly's traces and layout: the arguments of `Plotly.newPlot` without the place on the page.
 * The build of plotly.js in the page knows scatter, bar and pie. Throws `OptionError` when `data` is no list.
 *
 * @example Plotly.newPlot([{ x: [1, 2, 3], y: [2, 1, 4], type: 'scatter' }], { title: { text: 'Loss' } })
 */
export function newPlot(
  data: readonly Data[],
  layout: Partial<Layout> = {},
  config: Partial<Config> = {},
): PlotlyFigure {
  return new PlotlyFigure(data, layout, config);
}

function titleOf(layout: Partial<Layout>): string {
  const title = layout.title as string | { text?: string } | undefined;
  return (typeof title === 'string' ? title : (title?.text ?? '')).replaceAll(/<br\s*\/?>/gi, ' ');
}

function plain<T>(value: T): T {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return Number(inner);
    if (ArrayBuffer.isView(inner) && !(inner instanceof DataView)) return Array.from(inner as Uint8Array);
    return inner;
  });
  return JSON.parse(text) as T;
}
