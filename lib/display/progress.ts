import { escapeHtml, type MimeBundle } from '../core/mime.js';
import type { TimedReport } from '../core/progress.js';
import { grid } from './image-grid.js';
import { shortNumber } from './html-table.js';
import { coordinate, element, svgAddress, text } from './static/svg.js';

const barLetters = 24;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * A report on long work as one cell output: a bar, steps, rate, time left, loss and epsilon so far, a small curve and
 * some samples, all in one display; only the line stays when it is done, since the result is drawn below it (several live displays at once have broken in editors). The kernel sends it again
 * under the same display id.
 */
export function progressBundle(report: TimedReport): MimeBundle {
  const part = fractionOf(report);
  const color = report.done ? '#2F7FC1' : '#05B9E2';
  const fill = `<div style="width:${(part * 100).toFixed(1)}%;height:100%;background:${color};border-radius:4px"></div>`;
  const track = 'max-width:480px;height:10px;background:#dddddd;border-radius:4px;overflow:hidden;margin:4px 0';
  return {
    'text/html':
      `<div style="font-size:13px"><div><b>${escapeHtml(report.task)}</b> ${escapeHtml(facts(report))}</div>` +
      `<div style="${track}" role="progressbar" aria-valuenow="${Math.round(part * 100)}">${fill}</div>` +
      `${report.done ? '' : curve(report) + samples(report)}</div>`,
    'text/plain': progressLine(report),
  };
}

/**
 * The same as one line for a terminal or a log.
 *
 * @example 'training |████████████            | 50 % 1000/2000, 85.1 steps/s, 12 s left, loss 0.231, epsilon 3.2'
 */
export function progressLine(report: TimedReport): string {
  const full = fractionOf(report) * barLetters;
  const bar = '█'.repeat(Math.floor(full)) + (eighths[Math.floor((full % 1) * 8)] ?? '');
  return `${report.task} |${bar.padEnd(barLetters)}| ${facts(report)}`;
}

function fractionOf({ step, steps, done }: TimedReport): number {
  if (steps > 0) return Math.min(1, Math.max(0, step / steps));
  return done ? 1 : 0;
}

function facts(report: TimedReport): string {
  const { step, steps, rate, done, secondsSpent, secondsLeft, loss, epsilon } = report;
  const known = [
    done && steps <= 1 ? '' : `${Math.floor(fractionOf(report) * 100)} % ${step}/${steps}`,
    rate > 0 ? `${shortNumber(Number(rate.toPrecision(3)))} steps/s` : '',
    done ? `took ${duration(secondsSpent)}` : Number.isFinite(secondsLeft) ? `${duration(secondsLeft)} left` : '',
    loss === undefined ? '' : `loss ${shortNumber(loss)}`,
    epsilon === undefined ? '' : `epsilon ${shortNumber(epsilon)}`,
    lastOfCurve(report),
  ];
  return known.filter((fact) => fact !== '').join(', ');
}

function lastOfCurve({ curve }: TimedReport): string {
  const last = curve?.points.at(-1);
  return curve && last ? `${curve.name} ${shortNumber(last[1])}` : '';
}

/** Seconds in words: `42 s`, `3 min 20 s`, `2 h 5 min`. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A line without axes, its last and its lowest value beside it. */
function curve({ curve: grown, steps }: TimedReport): string {
  const points = (grown?.points ?? []).filter(([, value]) => Number.isFinite(value));
  if (!grown || points.length < 2) return '';
  const values = points.map(([, value]) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [points[0]![0], Math.max(steps, points.at(-1)![0])];
  const x = (step: number) => 4 + (232 * (step - first)) / (last - first || 1);
  const y = (value: number) => 44 - (38 * (value - least)) / (most - least || 1);
  const d = points.map(([step, value], i) => `${i === 0 ? 'M' : 'L'}${coordinate(x(step))} ${coordinate(y(value))}`);
  const [endStep, endValue] = points.at(-1)!;
  const svg = element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', width: 420, height: 50, viewBox: '0 0 420 50', 'font-family': 'sans-serif' },
    element('rect', { width: 420, height: 50, fill: '#ffffff' }),
    element('path', { d: d.join(''), fill: 'none', stroke: '#2F7FC1', 'stroke-width': 1.5 }),
    element('circle', { cx: x(endStep), cy: y(endValue), r: 2.5, fill: '#2F7FC1' }),
    text(`${grown.name} ${shortNumber(endValue)}`, { x: 244, y: 22, 'font-size': 12, fill: '#2a2a2a' }),
    text(`lowest ${shortNumber(least)}`, { x: 244, y: 38, 'font-size': 11, fill: '#666666' }),
  );
  return `<img src="${svgAddress(svg)}" alt="${escapeHtml(grown.name)} while training" width="420" height="50">`;
}

function samples({ samples: made }: TimedReport): string {
  if (!made || made.count === 0) return '';
  const { png, width, height } = grid(made, { columns: 10, limit: 20, scale: made.width <= 32 ? 2 : 1 });
  return `<div><img src="data:image/png;base64,${png}" alt="samples" width="${width}" height="${height}"></div>`;
}
