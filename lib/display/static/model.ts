import type { Data, Layout } from 'plotly.js';
import { textWidth, wrapped } from './svg.js';

/** Font sizes of the two parts of a title, in pixels. */
export const [titleSize, subtitleSize] = [17, 12];

/** Where a point lies on an axis: a number, or the name of a category. */
export type Place = number | string;

/** What the static chart knows of one Plotly trace. */
export interface Series {
  readonly kind: 'line' | 'bar';
  readonly name: string;
  readonly inLegend: boolean;
  readonly x: readonly Place[];
  /** One for each x; NaN leaves a gap. */
  readonly y: readonly number[];
  /** Half lengths of the error bars, one for each x; NaN draws none. */
  readonly errors: readonly number[];
  readonly lines: boolean;
  readonly markers: boolean;
  readonly color: string;
  readonly dash: string;
  readonly lineWidth: number;
  readonly markerSymbol: string;
  readonly markerSize: number;
}

/** What the static chart knows of one Plotly axis. */
export interface AxisModel {
  readonly kind: 'linear' | 'log' | 'category';
  readonly title: string;
  /** Ends in the units of the data (Plotly writes those of a log axis as powers of ten). */
  readonly range?: readonly [number, number];
  readonly fromZero: boolean;
  readonly tickPlaces?: readonly number[];
  readonly tickTexts?: readonly string[];
}

/** A Plotly figure reduced to what the static chart draws. */
export interface ChartModel {
  readonly width: number;
  readonly height: number;
  /** Lines of text. */
  readonly title: readonly string[];
  readonly subtitle: readonly string[];
  readonly x: AxisModel;
  readonly y: AxisModel;
  readonly series: readonly Series[];
  readonly legend: boolean;
  /** Types of traces that only Plotly draws. */
  readonly leftOut: readonly string[];
}

/** Plotly's own colours, for traces that name none. */
const traceColors = [
  '#1f77b4',
  '#ff7f0e',
  '#2ca02c',
  '#d62728',
  '#9467bd',
  '#8c564b',
  '#e377c2',
  '#7f7f7f',
  '#bcbd22',
  '#17becf',
];

type Loose = Readonly<Record<string, unknown>>;

/** Reads a Plotly figure. Nothing in it is trusted to have the type that it should: a static picture never throws. */
export function chartModel(data: readonly Data[], layout: Partial<Layout>): ChartModel {
  const traces = data.map(loose);
  const named = list(layout.colorway).filter((color) => typeof color === 'string');
  const colors = named.length > 0 ? named : traceColors;
  const series = traces.flatMap((trace, index) => seriesOf(trace, index, colors[index % colors.length]!));
  const title = loose(layout.title);
  const width = within(layout.width, 200, 2000, 700);
  const fitting = (words: unknown, fontSize: number) =>
    lines(words).flatMap((line) => wrapped(line, Math.floor((width - 80) / textWidth('m', fontSize))));
  return {
    width,
    height: within(layout.height, 150, 2000, 420),
    title: fitting(title.text ?? layout.title, titleSize),
    subtitle: fitting(loose(title.subtitle).text ?? title.subtitle, subtitleSize),
    x: axisOf(
      loose(layout.xaxis),
      series.flatMap((one) => one.x),
    ),
    y: axisOf(loose(layout.yaxis), [0]),
    series,
    legend: layout.showlegend ?? series.filter((one) => one.inLegend).length > 1,
    leftOut: [...new Set(traces.filter((trace) => !drawable(trace)).map((trace) => words(trace.type)))],
  };
}

function drawable(trace: Loose): boolean {
  const type = trace.type ?? 'scatter';
  return (type === 'scatter' || type === 'bar') && trace.orientation !== 'h';
}

function seriesOf(trace: Loose, index: number, ownColor: string): Series[] {
  if (!drawable(trace) || trace.visible === false || trace.visible === 'legendonly') return [];
  const y = list(trace.y).map(numberOrGap);
  const x = trace.x === undefined ? y.map((_, i) => i) : list(trace.x).map(place);
  const [line, marker] = [loose(trace.line), loose(trace.marker)];
  const mode = words(trace.mode ?? (y.length < 20 ? 'lines+markers' : 'lines'));
  const color = [trace.type === 'bar' ? undefined : line.color, marker.color].find((c) => typeof c === 'string');
  return [
    {
      kind: trace.type === 'bar' ? 'bar' : 'line',
      name: lines(trace.name ?? `trace ${index}`).join(' '),
      inLegend: trace.showlegend !== false,
      x,
      y: x.map((_, i) => y[i] ?? NaN),
      errors: errorsOf(loose(trace.error_y), y),
      lines: mode.includes('lines'),
      markers: mode.includes('markers'),
      color: color ?? ownColor,
      dash: words(line.dash ?? 'solid'),
      lineWidth: within(line.width, 0, 20, 2),
      markerSymbol: words(marker.symbol ?? 'circle'),
      markerSize: within(marker.size, 0, 60, 6),
    },
  ];
}

function errorsOf(error: Loose, y: readonly number[]): number[] {
  if (error.visible === false) return [];
  if (error.type === 'constant') return y.map(() => numberOrGap(error.value));
  if (error.type === 'percent') return y.map((value) => (Math.abs(value) * numberOrGap(error.value)) / 100);
  return list(error.array).map(numberOrGap);
}

function axisOf(axis: Loose, places: readonly Place[]): AxisModel {
  const kind =
    axis.type === 'log' || axis.type === 'category' || axis.type === 'linear'
      ? axis.type
      : places.every((one) => typeof one === 'number')
        ? 'linear'
        : 'category';
  const ends = list(axis.range).map(numberOrGap);
  const range = ends.length === 2 && ends.every(Number.isFinite) ? ends : undefined;
  const tickPlaces = axis.tickvals === undefined ? undefined : list(axis.tickvals).map(numberOrGap);
  const tickTexts = axis.ticktext === undefined ? undefined : list(axis.ticktext).map((one) => lines(one).join(' '));
  return {
    kind,
    title: lines(loose(axis.title).text ?? axis.title).join(' '),
    range: range && (kind === 'log' ? [10 ** range[0]!, 10 ** range[1]!] : [range[0]!, range[1]!]),
    fromZero: axis.rangemode === 'tozero',
    tickPlaces,
    tickTexts,
  };
}

/** Plotly's texts know `<br>` and a few inline tags; the static chart keeps the lines and drops those tags. */
function lines(value: unknown): string[] {
  if (typeof value !== 'string' && typeof value !== 'number') return [];
  return String(value)
    .split(/<br\s*\/?>/i)
    .map((line) => line.replaceAll(/<\/?(?:b|i|em|u|s|sub|sup|span|a)(?:\s[^>]*)?>/gi, ''));
}

function loose(value: unknown): Loose {
  return typeof value === 'object' && value !== null ? (value as Loose) : {};
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Uint8Array) : [];
}

function place(value: unknown): Place {
  const number = numberOrGap(value);
  return Number.isNaN(number) ? words(value) : number;
}

function numberOrGap(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}

function words(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function within(value: unknown, least: number, most: number, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
}
