import { drawSample } from './marks.js';
import type { ChartModel } from './model.js';
import { element, shortened, text, textWidth } from './svg.js';

const fontSize = 11;
const rowHeight = 18;
const sampleWidth = 34;
const longestName = 30;

/** The legend to the right of the plot: its width is known before it is drawn. */
export interface Legend {
  readonly width: number;
  draw(left: number, top: number, bottom: number): string;
}

/** The names of all series with a piece of each, from top to bottom; those that do not fit are counted. */
export function legendOf(chart: ChartModel): Legend {
  const series = chart.legend ? chart.series.filter((one) => one.inLegend) : [];
  if (series.length === 0) return { width: 0, draw: () => '' };
  const names = series.map((one) => shortened(one.name, longestName));
  return {
    width: sampleWidth + Math.max(...names.map((name) => textWidth(name, fontSize))) + 10,
    draw(left, top, bottom) {
      const rows = Math.max(1, Math.floor((bottom - top) / rowHeight));
      const shown = series.length <= rows ? series.length : rows - 1;
      const entries = series.slice(0, shown).map((one, row) => {
        const middle = top + (row + 0.5) * rowHeight;
        return drawSample(one, left, middle) + label(names[row]!, left, middle);
      });
      const rest = series.length - shown;
      if (rest > 0) entries.push(label(`… and ${rest} more`, left, top + (shown + 0.5) * rowHeight));
      return element('g', { 'font-size': fontSize, fill: '#2a2a2a' }, ...entries);
    },
  };
}

function label(name: string, left: number, middle: number): string {
  return text(name, { x: left + sampleWidth, y: middle + fontSize * 0.36 });
}
