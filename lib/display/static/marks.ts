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

interface Point {
  readonly x: number;
  readonly y: number;
}

const isShown = (point: Point) => Number.isFinite(point.x) && Number.isFinite(point.y);

/** A series as a line, error bars and markers, in this order from back to front. */
export function drawLine(series: Series, x: Axis, y: Axis): string {
  const points = series.x.map((place, i) => ({ x: x.at(place), y: y.at(series.y[i]!) }));
  const bars = points.map((point, i) =>
    isShown(point) ? errorBar(point.x, series.y[i]!, series.errors[i], y, series.color) : '',
  );
  const line = series.lines ? stroke(path(withoutCrowds(points)), series) : '';
  const markers = series.markers ? apart(points.filter(isShown)).map((point) => drawMarker(series, point)) : [];
  return [line, ...bars, ...markers].join('');
}

/** Straight lines from point to point, broken where a point is not shown. */
function path(points: readonly Point[]): string {
  return points
    .map((point, i) => {
      if (!isShown(point)) return '';
      const joined = i > 0 && isShown(points[i - 1]!);
      return `${joined ? 'L' : 'M'}${coordinate(point.x)} ${coordinate(point.y)}`;
    })
    .join('');
}

/** Where more than four points in a row fall on one column of pixels, its first, lowest, highest and last. */
function withoutCrowds(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  let start = 0;
  while (start < points.length) {
    const column = Math.round(points[start]!.x);
    let end = start + 1;
    // A gap has no column of its own: NaN equals nothing.
    while (end < points.length && isShown(points[end]!) && Math.round(points[end]!.x) === column) end++;
    kept.push(...extremes(points, start, end));
    start = end;
  }
  return kept;
}

function extremes(points: readonly Point[], start: number, end: number): Point[] {
  if (end - start <= 4) return points.slice(start, end);
  let [low, high] = [start, start];
  for (let i = start; i < end; i++) {
    if (points[i]!.y < points[low]!.y) low = i;
    if (points[i]!.y > points[high]!.y) high = i;
  }
  return [...new Set([start, low, high, end - 1])].sort((a, b) => a - b).map((i) => points[i]!);
}

/** Of more than a thousand points, one for every pair of pixels: the others would be drawn over it. */
function apart(points: readonly Point[]): readonly Point[] {
  if (points.length <= 1000) return points;
  return [...new Map(points.map((point) => [`${Math.round(point.x / 2)} ${Math.round(point.y / 2)}`, point])).values()];
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
  return line + (series.markers ? drawMarker(series, { x: left + 13, y: middle }) : '');
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

function drawMarker({ markerSymbol, markerSize, color }: Series, { x, y }: Point): string {
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
