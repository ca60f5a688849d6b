import { scaleBand, scaleLinear, scaleLog } from 'd3-scale';
import type { AxisModel, ChartModel, Place } from './model.js';

/** An axis with its length in pixels: where values lie and where the ticks are. */
export interface Axis {
  /** Pixel of a value; NaN when the axis cannot show it (0 on a log axis). */
  at(value: Place): number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** Pixels that all bars at one place may share. */
  readonly barRoom: number;
}

/** The horizontal axis between two pixels. */
export function xAxis(chart: ChartModel, from: number, to: number): Axis {
  const places = chart.series.flatMap((one) => one.x);
  if (chart.x.kind === 'category') return categoryAxis([...new Set(places)], from, to);
  const bars = chart.series.filter((one) => one.kind === 'bar').flatMap((one) => one.x as number[]);
  const gap = smallestGap(bars);
  const reach = bars.length === 0 ? [] : bars.flatMap((x) => [x - gap / 2, x + gap / 2]);
  const axis = numberAxis(chart.x, [...(places as number[]), ...reach], from, to, Math.max(2, (to - from) / 70));
  const room = bars.length === 0 ? 0 : Math.abs(axis.at(bars[0]! + gap) - axis.at(bars[0]!));
  return { ...axis, barRoom: Number.isFinite(room) ? room * 0.8 : 20 };
}

/** The vertical axis: `bottom` and `top` are pixels, and the one below is the larger. */
export function yAxis(chart: ChartModel, bottom: number, top: number): Axis {
  const values = chart.series.flatMap((one) =>
    one.y.flatMap((y, i) => {
      const error = one.errors[i] ?? NaN;
      return Number.isNaN(error) ? [y] : [y - error, y, y + error];
    }),
  );
  const zero = chart.series.some((one) => one.kind === 'bar') && chart.y.kind === 'linear' ? [0] : [];
  return numberAxis(chart.y, [...values, ...zero], bottom, top, Math.max(2, (bottom - top) / 50));
}

function categoryAxis(names: readonly Place[], from: number, to: number): Axis {
  const scale = scaleBand<Place>().domain(names).range([from, to]).padding(0.2);
  const middle = (name: Place) => (scale(name) ?? NaN) + scale.bandwidth() / 2;
  // Slanted names need about 12 pixels each.
  const every = Math.ceil((names.length * 12) / (to - from));
  return {
    at: middle,
    ticks: names.filter((_, i) => i % every === 0).map((name) => ({ at: middle(name), text: String(name) })),
    barRoom: scale.bandwidth(),
  };
}

function numberAxis(model: AxisModel, values: readonly number[], from: number, to: number, tickCount: number): Axis {
  const log = model.kind === 'log';
  const domain = model.range ?? padded(values, log, model.fromZero);
  const scale = log ? scaleLog().domain(domain).range([from, to]) : scaleLinear().domain(domain).range([from, to]);
  const places = model.tickPlaces ?? (log ? logTicks(domain) : scale.ticks(tickCount));
  const format = log ? plainNumber : scale.tickFormat(tickCount);
  const [least, most] = [Math.min(...domain), Math.max(...domain)];
  return {
    at: (value) => (typeof value === 'number' && (!log || value > 0) ? scale(value) : NaN),
    ticks: places
      .map((value, i) => ({ value, at: scale(value), text: model.tickTexts?.[i] ?? format(value) }))
      .filter(({ value }) => value >= least && value <= most),
    barRoom: 0,
  };
}

/** The ends of the data with 5 % of room at both, measured in powers of ten on a log axis. */
function padded(values: readonly number[], log: boolean, fromZero: boolean): [number, number] {
  const usable = values.filter((v) => Number.isFinite(v) && (!log || v > 0)).map((v) => (log ? Math.log10(v) : v));
  // A loop in place of Math.min(...usable): a long curve has more points than a call may have arguments.
  let [least, most] = usable.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  if (least > most) [least, most] = [0, 1];
  if (fromZero && !log) [least, most] = [Math.min(0, least), Math.max(0, most)];
  const room = least === most ? 0.5 * (log ? 1 : Math.abs(most) || 1) : 0.05 * (most - least);
  const low = !log && least >= 0 ? Math.max(0, least - room) : least - room;
  const high = !log && most <= 0 && least < most ? Math.min(0, most + room) : most + room;
  return log ? [10 ** low, 10 ** high] : [low, high];
}

/** Powers of ten; also twice and five times them when there would be fewer than three. */
function logTicks([least, most]: readonly [number, number]): number[] {
  const powers = Array.from(
    { length: Math.floor(Math.log10(most)) - Math.floor(Math.log10(least)) + 1 },
    (_, i) => Math.floor(Math.log10(least)) + i,
  );
  const within = (ticks: number[]) => ticks.filter((tick) => tick >= least && tick <= most);
  const tens = within(powers.map((power) => 10 ** power));
  return tens.length >= 3 ? tens : within(powers.flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)));
}

function plainNumber(value: number): string {
  return Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4
    ? value.toExponential(0)
    : String(Number(value.toPrecision(6)));
}

function smallestGap(values: readonly number[]): number {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const gap = sorted.slice(1).reduce((least, value, i) => Math.min(least, value - sorted[i]!), Infinity);
  return Number.isFinite(gap) ? gap : 1;
}
