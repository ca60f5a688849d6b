import type { Data, Layout } from 'plotly.js';
import { xAxis, yAxis, type Axis } from './static/axes.js';
import { legendOf } from './static/legend.js';
import { drawBars, drawLine } from './static/marks.js';
import { chartModel, subtitleSize, titleSize, type ChartModel } from './static/model.js';
import { element, shortened, text, textWidth } from './static/svg.js';

const [axisTitleSize, tickSize] = [14, 11.5];
const ink = '#2a3f5f';

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Frame {
  readonly box: Box;
  readonly x: Axis;
  readonly y: Axis;
  /** True when the labels of the x axis stand at an angle because they would overlap. */
  readonly slanted: boolean;
}

/**
 * Draws a Plotly figure as a static SVG picture, for places that run no script (GitHub, e-mail, untrusted notebooks).
 * It draws what dpbench's own charts use: scatter with lines and markers, error bars, vertical bars, linear, log and
 * category axes, titles, legend, dashes. Anything else is left out and named in the picture; nothing throws.
 *
 * @example staticChart([{ x: [1, 2], y: [3, 4] }], { title: { text: 'Two points' } })   // '<svg …>…</svg>'
 */
export function staticChart(data: readonly Data[], layout: Partial<Layout> = {}): string {
  const chart = chartModel(data, layout);
  const { width, height } = chart;
  const legend = legendOf(chart);
  const { box, x, y, slanted } = frameOf(chart, legend.width);
  const picture = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}` };
  return element(
    'svg',
    { ...picture, 'font-family': 'Open Sans, DejaVu Sans, Verdana, Arial, sans-serif', 'font-size': tickSize },
    element('rect', { width, height, fill: '#ffffff' }),
    titles(chart, box),
    axisLines(chart, x, y, box, slanted),
    element('clipPath', { id: 'plot' }, element('rect', { ...clip(box) })),
    element('g', { 'clip-path': 'url(#plot)' }, ...series(chart, x, y, box)),
    legend.draw(box.right + 16, box.top, box.bottom),
    leftOutNote(chart),
  );
}

/** The axes in the room that titles, tick labels and legend leave. */
function frameOf(chart: ChartModel, legendWidth: number): Frame {
  const top = 16 + chart.title.length * 22 + chart.subtitle.length * 16;
  // How wide the labels of the y axis are depends on its height, which depends on the labels of the x axis: start roughly.
  const roughly = yAxis(chart, chart.height - 60, top);
  const widest = Math.max(0, ...roughly.ticks.map((tick) => textWidth(tick.text, tickSize)));
  const left = 16 + widest + (chart.y.title === '' ? 8 : 24);
  const right = Math.max(left + 50, chart.width - 16 - (legendWidth > 0 ? legendWidth + 12 : 0));
  const x = xAxis(chart, left, right);
  const distance = (i: number) => (i === 0 ? Infinity : x.ticks[i]!.at - x.ticks[i - 1]!.at);
  const slanted = x.ticks.some((tick, i) => distance(i) < textWidth(tick.text, tickSize) + 4);
  const below =
    (slanted ? slantedHeight(x) : 20) + (chart.x.title === '' ? 8 : 26) + (chart.leftOut.length > 0 ? 16 : 0);
  const box: Box = { left, right, top, bottom: Math.max(top + 30, chart.height - below) };
  return { box, x, y: yAxis(chart, box.bottom, top), slanted };
}

function titles(chart: ChartModel, box: Box): string {
  const line = (words: string, y: number, size: number) =>
    text(words, { x: box.left, y, 'font-size': size, fill: ink });
  const above = 10 + chart.title.length * 22;
  return [
    ...chart.title.map((words, i) => line(words, 26 + i * 22, titleSize)),
    ...chart.subtitle.map((words, i) => line(words, above + 12 + i * 16, subtitleSize)),
  ].join('');
}

function axisLines(chart: ChartModel, x: Axis, y: Axis, box: Box, slanted: boolean): string {
  const grid = (d: string) => element('path', { d, stroke: '#e5e5e5' });
  const category = chart.x.kind === 'category';
  const xTicks = x.ticks.map(({ at, text: label }) => {
    const where = { x: at, y: box.bottom + 17, 'text-anchor': slanted ? 'end' : 'middle', fill: ink };
    const turn = slanted ? `rotate(-35 ${at.toFixed(2)} ${(box.bottom + 14).toFixed(2)})` : undefined;
    const line = category ? '' : grid(`M${at.toFixed(2)} ${box.top}V${box.bottom.toFixed(2)}`);
    return line + text(slanted ? shortened(label, 24) : label, { ...where, transform: turn });
  });
  const yTicks = y.ticks.map(
    ({ at, text: label }) =>
      grid(`M${box.left.toFixed(2)} ${at.toFixed(2)}H${box.right.toFixed(2)}`) +
      text(label, { x: box.left - 6, y: at + 4, 'text-anchor': 'end', fill: ink }),
  );
  const middle = (box.top + box.bottom) / 2;
  const named = { 'font-size': axisTitleSize, 'text-anchor': 'middle', fill: ink };
  const under = chart.height - 10 - (chart.leftOut.length > 0 ? 16 : 0);
  const frame = `M${box.left.toFixed(2)} ${box.top}V${box.bottom.toFixed(2)}H${box.right.toFixed(2)}`;
  return [
    ...xTicks,
    ...yTicks,
    element('path', { d: frame, fill: 'none', stroke: '#888888' }),
    chart.x.title && text(chart.x.title, { x: (box.left + box.right) / 2, y: under, ...named }),
    chart.y.title &&
      text(chart.y.title, { x: 17, y: middle, transform: `rotate(-90 17 ${middle.toFixed(2)})`, ...named }),
  ].join('');
}

function series(chart: ChartModel, x: Axis, y: Axis, box: Box): string[] {
  const bars = chart.series.filter((one) => one.kind === 'bar');
  const zero = y.at(0);
  // A log axis has no zero: its bars stand on the lower edge.
  const base = Number.isFinite(zero) ? Math.min(box.bottom, Math.max(box.top, zero)) : box.bottom;
  return chart.series.map((one) =>
    one.kind === 'bar' ? drawBars(one, x, y, base, bars.indexOf(one), bars.length) : drawLine(one, x, y),
  );
}

function leftOutNote(chart: ChartModel): string {
  if (chart.leftOut.length === 0) return '';
  const words = `Not in this static picture: ${chart.leftOut.join(', ')}. It is drawn where scripts run.`;
  return text(shortened(words, 100), { x: 10, y: chart.height - 8, 'font-size': 11, fill: '#8a4b00' });
}

function slantedHeight(x: Axis): number {
  const longest = Math.max(...x.ticks.map((tick) => Math.min(24, tick.text.length)));
  return 22 + longest * tickSize * 0.56 * Math.sin((35 * Math.PI) / 180);
}

/** A little more than the plot: half of a marker at the edge is still drawn. */
function clip({ left, right, top, bottom }: Box): Record<string, number> {
  return { x: left - 5, y: top - 5, width: right - left + 10, height: bottom - top + 10 };
}
