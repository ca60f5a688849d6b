import type { Axis } from './axes.js';
import type { Series } from './model.js';
import { coordinate, element } from './svg.js';

/** The dash patterns of Plotly's names, in multiples of the line width (after plotly.js `Drawing.dashStyle`). */
const dashPatterns: Readonly<Record<string, readonly number[]>> = {
  dot: [1, 2],
  dash: [3, 3],
  longdash: [5, 5],
  dashdot: [3, 2, 1, 2],
  longdashdot: [5, 3, 1, 3],
};

/** A series as lines, error bars and markers, in this order from back to front. */
export function drawLine(series: Series, x: Axis, y: Axis): string {
  const points = series.x.map((place, i) => ({ x: x.at(place), y: y.at(series.y[i]!), value: series.y[i]! }));
  const shown = (point: { x: number; y: number }) => Number.isFinite(point.x) && Number.isFinite(point.y);
  const bars = points.map((point, i) =>
    shown(point) ? errorBar(point.x, point.value, series.errors[i], y, series.color) : '',
  );
  const path = points.map((point, i) =>
    shown(point) ? `${i > 0 && shown(points[i - 1]!) ? 'L' : 'M'}${coordinate(point.x)} ${coordinate(point.y)}` : '',
  );
  const line = series.lines ? stroke(path.join(''), series) : '';
  const markers = series.markers ? points.filter(shown).map((point) => drawMarker(series, point.x, point.y)) : [];
  return [line, ...bars, ...markers].join('');
}

/** Bars of several series stand side by side; `index` of `count` is the turn of this one. */
export function drawBars(series: Series, x: Axis, y: Axis, base: number, index: number, count: number): string {
  const width = x.barRoom / count;
  const bars = series.x.map((place, i) => {
    const [left, end] = [x.at(place) - x.barRoom / 2 + index * width, y.at(series.y[i]!)];
    if (!Number.isFinite(left) || !Number.isFinite(end)) return '';
    const box = { x: left, y: Math.min(base, end), width: Math.max(1, width - 1), height: Math.abs(base - end) };
    return (
      element('rect', { ...box, fill: series.color }) +
      errorBar(left + width / 2, series.y[i]!, series.errors[i], y, '#444444')
    );
  });
  return bars.join('');
}

/** The short piece of a series that its legend line shows. */
export function drawSample(series: Series, left: number, middle: number): string {
  if (series.kind === 'bar')
    return element('rect', { x: left + 6, y: middle - 5, width: 14, height: 10, fill: series.color });
  const line = series.lines ? stroke(`M${coordinate(left)} ${coordinate(middle)}h26`, series) : '';
  return line + (series.markers ? drawMarker(series, left + 13, middle) : '');
}

function stroke(path: string, { color, lineWidth, dash }: Series): string {
  const pattern = dashPatterns[dash]?.map((length) => length * Math.max(2, lineWidth)).join(' ');
  const look = { fill: 'none', stroke: color, 'stroke-width': lineWidth, 'stroke-linejoin': 'round' };
  return element('path', { d: path, ...look, 'stroke-dasharray': pattern });
}

function errorBar(x: number, value: number, error: number | undefined, y: Axis, color: string): string {
  if (error === undefined || !Number.isFinite(error) || error === 0) return '';
  const [low, high] = [y.at(value - error), y.at(value + error)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return '';
  const [at, from, to] = [coordinate(x), coordinate(low), coordinate(high)];
  const cap = coordinate(x - 4);
  return element('path', { d: `M${at} ${from}V${to}M${cap} ${from}h8M${cap} ${to}h8`, fill: 'none', stroke: color });
}

function drawMarker({ markerSymbol, markerSize, color }: Series, x: number, y: number): string {
  const radius = markerSize / 2;
  const name = markerSymbol.replace(/-(?:open|dot)$/, '').replace(/-open$/, '');
  const open = markerSymbol.includes('-open');
  if (name === 'cross-thin' || name === 'x-thin') return thinCross(name, x, y, radius * 1.4, color);
  const look = { fill: open ? 'none' : color, stroke: open ? color : undefined };
  const corners = markerCorners[name];
  if (!corners) return element('circle', { cx: x, cy: y, r: radius, ...look });
  const points = corners.map(([dx, dy]) => `${coordinate(x + dx * radius)},${coordinate(y + dy * radius)}`);
  return element('polygon', { points: points.join(' '), ...look });
}

function thinCross(name: string, x: number, y: number, radius: number, color: string): string {
  const turn = name === 'x-thin' ? `rotate(45 ${coordinate(x)} ${coordinate(y)})` : undefined;
  const d = `M${coordinate(x - radius)} ${coordinate(y)}h${coordinate(2 * radius)}M${coordinate(x)} ${coordinate(y - radius)}v${coordinate(2 * radius)}`;
  return element('path', { d, stroke: color, 'stroke-width': 2, transform: turn });
}

type Corner = readonly [number, number];

/** Corners at some radii and equal angles, the first at the top unless turned. */
function polygon(radii: readonly number[], turn = 0): Corner[] {
  return radii.map((radius, i) => {
    const angle = (2 * Math.PI * i) / radii.length + turn;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}

const plus: readonly Corner[] = [
  ...[[-0.4, -1.2] as const, [0.4, -1.2] as const, [0.4, -0.4] as const, [1.2, -0.4] as const],
  ...[[1.2, 0.4] as const, [0.4, 0.4] as const, [0.4, 1.2] as const, [-0.4, 1.2] as const],
  ...[[-0.4, 0.4] as const, [-1.2, 0.4] as const, [-1.2, -0.4] as const, [-0.4, -0.4] as const],
];

/** Corners of Plotly's marker symbols, for radius 1; a symbol that is not here is drawn as a circle. */
const markerCorners: Readonly<Record<string, readonly Corner[]>> = {
  square: polygon([1.41, 1.41, 1.41, 1.41], Math.PI / 4),
  diamond: polygon([1.3, 1.3, 1.3, 1.3]),
  'diamond-tall': polygon([1.4, 0.7, 1.4, 0.7]),
  'triangle-up': polygon([1.3, 1.3, 1.3]),
  'triangle-down': polygon([1.3, 1.3, 1.3], Math.PI),
  'triangle-right': polygon([1.3, 1.3, 1.3], Math.PI / 2),
  'triangle-left': polygon([1.3, 1.3, 1.3], -Math.PI / 2),
  pentagon: polygon(Array.from({ length: 5 }, () => 1.2)),
  hexagon: polygon(Array.from({ length: 6 }, () => 1.2)),
  star: polygon(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 1.5 : 0.6))),
  cross: plus,
  x: plus.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]),
};
