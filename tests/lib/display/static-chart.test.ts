import { describe, expect, it } from 'vitest';
import { staticChart, type Data, type Layout } from '../../../lib/display/index.js';

/** What is drawn, found by tag and attribute. */
function drawn(data: readonly Partial<Data>[], layout: Partial<Layout> = {}) {
  const svg = staticChart(data, layout);
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
  const attributes = (tag: string, name: string) =>
    [...svg.matchAll(new RegExp(`<${tag}[^>]* ${name}="([^"]*)"`, 'g'))].map((match) => match[1]!);
  /** Lines of the series: paths with a stroke width. */
  const curves = [...svg.matchAll(/<path d="([^"]*)" fill="none" stroke="[^"]*" stroke-width/g)].map(
    (match) => match[1]!,
  );
  return { svg, texts, attributes, curves };
}

/** The points of a path in pixels. */
const points = (path: string) =>
  [...path.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map((m) => [Number(m[1]), Number(m[2])] as const);

describe('staticChart', () => {
  it('draws a line where its axes say', () => {
    const layout = { xaxis: { range: [0, 10] }, yaxis: { range: [0, 100] } };
    const { curves, svg } = drawn([{ x: [0, 5, 10], y: [0, 50, 100] }], layout);
    const [a, b, c] = points(curves[0]!);
    const plot = /<clipPath id="plot"><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/
      .exec(svg)!
      .slice(1)
      .map(Number);
    // The clip is the plot with 5 pixels around it.
    const [left, top, width, height] = [plot[0]! + 5, plot[1]! + 5, plot[2]! - 10, plot[3]! - 10];
    expect(a![0]).toBeCloseTo(left, 1);
    expect(a![1]).toBeCloseTo(top + height, 1);
    expect(b![0]).toBeCloseTo(left + width / 2, 1);
    expect(b![1]).toBeCloseTo(top + height / 2, 1);
    expect(c![0]).toBeCloseTo(left + width, 1);
    expect(c![1]).toBeCloseTo(top, 1);
  });

  it('spaces powers of ten evenly on a log axis, and leaves out what it cannot show', () => {
    const { curves, texts } = drawn([{ x: [1, 10, 100], y: [1, 2, 3] }], { xaxis: { type: 'log' } });
    const [a, b, c] = points(curves[0]!);
    expect(b![0] - a![0]).toBeCloseTo(c![0] - b![0], 1);
    expect(texts).toEqual(expect.arrayContaining(['1', '10', '100']));
    expect(points(drawn([{ x: [0, 10, 100], y: [1, 2, 3] }], { xaxis: { type: 'log' } }).curves[0]!)).toHaveLength(2);
  });

  it('labels the ticks that it is told to', () => {
    const layout: Partial<Layout> = { xaxis: { type: 'log', tickvals: [0.2, 5], ticktext: ['a fifth', 'five'] } };
    const { texts } = drawn([{ x: [0.2, 5, 10], y: [1, 2, 3] }], layout);
    expect(texts).toEqual(expect.arrayContaining(['a fifth', 'five']));
    expect(texts).not.toContain('10');
  });

  it('breaks a line at a gap', () => {
    const { curves, attributes } = drawn([{ x: [1, 2, 3, 4], y: [1, null, 3, 4] }]);
    expect(curves[0]!.match(/[ML]/g)).toEqual(['M', 'M', 'L']);
    expect(attributes('circle', 'cx')).toHaveLength(3);
  });

  it('draws dashes, colours and markers by their Plotly names', () => {
    const { svg } = drawn([
      { x: [1, 2], y: [1, 2], line: { dash: 'dot', color: '#123456', width: 3 }, marker: { symbol: 'square' } },
    ]);
    expect(svg).toMatch(/stroke="#123456" stroke-width="3"[^>]* stroke-dasharray="3 6"/);
    expect(svg.match(/<polygon [^>]*fill="#123456"/g)).toHaveLength(2);
  });

  it("takes Plotly's colours, or those of the layout, for traces that name none", () => {
    const two = [{ y: [1, 2] }, { y: [2, 1] }];
    const colors = (layout: Partial<Layout>) => new Set(drawn(two, layout).attributes('circle', 'fill'));
    expect(colors({})).toEqual(new Set(['#1f77b4', '#ff7f0e']));
    expect(colors({ colorway: ['red', 'blue'] })).toEqual(new Set(['red', 'blue']));
  });

  it('draws error bars of the length of the errors', () => {
    const error_y = { type: 'data' as const, array: [10, 0] };
    const { svg } = drawn([{ x: [1, 2], y: [50, 60], error_y }], { yaxis: { range: [0, 100] } });
    const [, low, high] = /d="M[\d.]+ ([\d.]+)V([\d.]+)M/.exec(svg)!.map(Number);
    const height = Number(/<clipPath id="plot"><rect [^>]*height="([\d.]+)"/.exec(svg)![1]) - 10;
    // From 40 to 60 is a fifth of the axis; an error of 0 draws nothing.
    expect(low! - high!).toBeCloseTo(height / 5, 1);
    expect(svg.match(/d="M[\d.]+ [\d.]+V/g)).toHaveLength(
      1 + svg.match(/<path d="M[\d.]+ [\d.]+V[\d.]+" stroke="#e5e5e5"/g)!.length + 1,
    );
  });

  it('draws bars of several series side by side, from zero', () => {
    const { svg, texts } = drawn([
      { type: 'bar', x: ['cat', 'dog'], y: [4, -2], name: 'one', marker: { color: '#111111' } },
      { type: 'bar', x: ['cat', 'dog'], y: [2, 1], name: 'two', marker: { color: '#222222' } },
    ]);
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="#(\d+)"/g)];
    const [cat, dog, catTwo] = bars.slice(0, 3).map((match) => match.slice(1, 5).map(Number));
    expect(bars.map((match) => match[5])).toEqual(['111111', '111111', '222222', '222222', '111111', '222222']);
    expect(cat![3]! / dog![3]!).toBeCloseTo(2, 2);
    expect(cat![1]! + cat![3]!).toBeCloseTo(dog![1]!, 1);
    expect(catTwo![0]).toBeCloseTo(cat![0]! + cat![2]! + 1, 1);
    expect(texts).toEqual(expect.arrayContaining(['cat', 'dog', 'one', 'two']));
  });

  it('slants the names of categories that would overlap', () => {
    const names = Array.from({ length: 12 }, (_, i) => `a long class name ${i}`);
    expect(drawn([{ type: 'bar', x: names, y: names.map((_, i) => i) }]).svg).toContain('rotate(-35 ');
    const crowd = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
    const { texts } = drawn([{ type: 'bar', x: crowd, y: crowd.map((_, i) => i) }]);
    expect(texts.filter((text) => text.startsWith('class')).length).toBeLessThan(60);
    expect(drawn([{ type: 'bar', x: ['a', 'b'], y: [1, 2] }]).svg).not.toContain('rotate(-35 ');
  });

  it('has title, subtitle, axis titles and legend, breaks and inline tags of Plotly gone', () => {
    const layout = {
      title: { text: 'First<br><b>second</b>', subtitle: { text: 'below' } },
      xaxis: { title: { text: 'steps' } },
      yaxis: { title: { text: 'FID' } },
    };
    const { texts } = drawn(
      [{ y: [1, 2], name: 'A' }, { y: [2, 1], name: 'B', showlegend: false }, { y: [0, 1] }],
      layout,
    );
    expect(texts).toEqual(expect.arrayContaining(['First', 'second', 'below', 'steps', 'FID', 'A', 'trace 2']));
    expect(texts).not.toContain('B');
    expect(drawn([{ y: [1], name: 'alone' }]).texts).not.toContain('alone');
  });

  it('breaks a long title into lines and counts the legend entries that do not fit', () => {
    const { texts } = drawn([{ y: [1] }], { title: { text: 'word '.repeat(40).trim() } });
    expect(texts.filter((text) => text.startsWith('word ')).length).toBeGreaterThan(1);
    const many = drawn(Array.from({ length: 60 }, (_, i) => ({ y: [i], name: `run ${i}` })));
    expect(many.texts.some((text) => /^… and \d+ more$/.test(text))).toBe(true);
  });

  it('names what it leaves out', () => {
    const { texts } = drawn([
      { type: 'pie', values: [1, 2] },
      { type: 'bar', orientation: 'h', x: [1], y: [2] },
    ]);
    expect(texts).toContain('Not in this static picture: pie, bar. It is drawn where scripts run.');
  });

  it('escapes every text and attribute', () => {
    const hostile = '"><script>alert(1)</script>\u0000&';
    const data = [
      { x: [hostile, 'b'], y: [1, 2], name: hostile, line: { color: hostile } },
      { y: [1], name: 'second' },
    ];
    const { svg } = drawn(data, { title: { text: hostile }, xaxis: { title: { text: hostile } } });
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('\u0000');
    expect(svg).toContain('&lt;script&gt;');
  });

  it('thins out more points than pixels, but no peak is lost', () => {
    const long = Array.from({ length: 300_000 }, (_, i) => i);
    const y = long.map((i) => (i === 123_456 ? 50 : Math.sin(i)));
    const { curves, svg } = drawn([{ x: long, y, mode: 'lines' }], { yaxis: { range: [-10, 60] } });
    const heights = points(curves[0]!).map(([, height]) => height);
    expect(heights.length).toBeLessThan(4 * 700);
    // The peak of 50 stands 10 of 70 units below the top, the sine near 0.
    expect(heights.filter((height) => height < 120)).toHaveLength(1);
    expect(svg.length).toBeLessThan(60_000);
    const cloud = drawn([{ x: long.map(Math.sin), y: long.map(Math.cos), mode: 'markers' }]);
    expect(cloud.svg.length).toBeLessThan(400_000);
    expect(cloud.attributes('circle', 'cx').length).toBeGreaterThan(500);
  });

  it('draws something for data of any kind and any length', () => {
    const odd = [
      null,
      7,
      {},
      { x: 5, y: 'no' },
      { y: [] },
      { y: [NaN, Infinity] },
      { x: [{}], y: [{}] },
    ] as unknown as Data[];
    expect(staticChart(odd)).toMatch(/^<svg .*<\/svg>$/);
    expect(staticChart([])).toMatch(/^<svg .*<\/svg>$/);
    expect(staticChart([], { width: -5, height: NaN })).toContain('width="200" height="420"');
  });
});
