import type { Layout, LayoutAxis } from 'plotly.js';

/** The look that all line charts share: colours and markers of the reference figures, in their order of methods. */
const lineColors: readonly string[] = [
  '#A1A9D0',
  '#D76364',
  '#B883D4',
  '#9E9E9E',
  '#05B9E2',
  '#F1D77E',
  '#B1CE46',
  '#FFD700',
  '#8E8BFE',
  '#FEB2B4',
  '#FF8C42',
  '#6DCFF6',
  '#2F7FC1',
];

/** Plotly's names of: circle, triangle-down, square, filled plus, filled x, diamond, triangle-up, thin diamond, … */
const lineMarkers: readonly string[] = [
  'circle',
  'triangle-down',
  'square',
  'cross',
  'x',
  'diamond',
  'triangle-up',
  'diamond-tall',
  'star',
  'hexagon',
  'triangle-right',
  'cross-thin-open',
  'pentagon',
];

/** The order of the methods in the reference figures. A method keeps its colour whatever else is in the chart. */
const figureOrder = [
  'dp-merf',
  'dp-ntk',
  'dp-kernel',
  'pe',
  'gs-wgan',
  'dp-gan',
  'dpdm',
  'dp-feta',
  'pdp-diffusion',
  'dp-ldm-sd',
  'dp-ldm',
  'dp-lora',
  'privimage',
];

const dashes = ['solid', 'dash', 'dot', 'dashdot'] as const;

/** How one line is drawn. */
export interface LineStyle {
  readonly color: string;
  readonly marker: string;
  readonly dash: (typeof dashes)[number];
}

/**
 * A style for each method: the reference's for those that it drew, an unused one for all others.
 *
 * @example methodStyles(['dp-merf', 'my-own']).get('dp-merf')   // { color: '#A1A9D0', marker: 'circle', dash: 'solid' }
 */
export function methodStyles(methods: readonly string[]): Map<string, LineStyle> {
  const plain = (id: string) => id.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const order = figureOrder.map(plain);
  const taken = new Set(methods.map((id) => order.indexOf(plain(id))).filter((index) => index >= 0));
  const free = lineColors.map((_, index) => index).filter((index) => !taken.has(index));
  let next = 0;
  const pick = (id: string): number => {
    const own = order.indexOf(plain(id));
    if (own >= 0) return own;
    const index = next++;
    return free[index] ?? index;
  };
  return new Map([...new Set(methods)].map((id) => [id, styleAt(pick(id))]));
}

/** The style number `index`: colours and markers first, then the same with other dashes. */
export function styleAt(index: number): LineStyle {
  const turn = index % lineColors.length;
  return {
    color: lineColors[turn]!,
    marker: lineMarkers[turn]!,
    dash: dashes[Math.floor(index / lineColors.length) % dashes.length]!,
  };
}

/** The same style with the dash number `turn`: for the second, third … dataset of one method. */
export function dashed(style: LineStyle, turn: number): LineStyle {
  return { ...style, dash: dashes[turn % dashes.length]! };
}

/** Layout that all line charts share: light-grey grid, white ground, sizes after the reference figures. */
export const lineLayout = {
  paper_bgcolor: '#ffffff',
  plot_bgcolor: '#ffffff',
  height: 420,
  margin: { t: 90, r: 20, b: 60, l: 70 },
} as const;

/** One axis of a line chart. */
export function lineAxis(title: string): Partial<LayoutAxis> {
  return { title: { text: title, font: { size: 14 }, standoff: 12 }, gridcolor: '#e5e5e5', zeroline: false };
}

/** A title with smaller lines below it, all at the left edge of the plot, and the room that they need above it. */
export function chartTitle(title: string, below: readonly string[]): Partial<Layout> {
  const margin = { ...lineLayout.margin, t: Math.max(lineLayout.margin.t, 60 + 16 * below.length) };
  const place = { x: 0, xref: 'paper', y: 1, yref: 'container', yanchor: 'top', pad: { t: 16 } } as const;
  return { title: { text: title, subtitle: { text: below.join('<br>') }, ...place }, margin };
}
