import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../lib/core/errors.js';
import { Diagnostic } from '../../../lib/core/diagnostic.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { newPlot, PlotlyFigure, setRenderer, type Data } from '../../../lib/display/index.js';

describe('newPlot', () => {
  it('is data, layout and config under the MIME type of Plotly, a page and a line of text', () => {
    setRenderer('static');
    const bundle = newPlot(
      [
        { x: [1, 2], y: [3, 4], name: 'a' },
        { y: [1], type: 'bar' },
      ],
      { title: { text: 'T' } },
    )[displaySymbol]();
    expect(bundle['application/vnd.plotly.v1+json']).toEqual({
      data: [
        { x: [1, 2], y: [3, 4], name: 'a' },
        { y: [1], type: 'bar' },
      ],
      layout: { title: { text: 'T' } },
      config: { responsive: true, displaylogo: false },
    });
    expect(bundle['text/plain']).toBe("Plotly figure 'T': 2 traces (scatter 'a', bar)");
    expect(bundle['text/html']).toMatch(/^<div [^>]+><img [^>]+><\/div>$/);
  });

  it('keeps values that JSON can hold: lists for typed arrays, null for gaps', () => {
    const trace = { x: Float32Array.from([0.5, 1]), y: [NaN, 2n], customdata: [new Diagnostic(7, 'made-up')] };
    expect(newPlot([trace as unknown as Data]).data).toEqual([{ x: [0.5, 1], y: [null, 2], customdata: [7] }]);
  });

  it('does not change with the arrays that it was made from', () => {
    const x = [1, 2];
    const figure = newPlot([{ x, y: x }]);
    x.push(3);
    expect(figure.data).toEqual([{ x: [1, 2], y: [1, 2] }]);
    expect(figure).toBeInstanceOf(PlotlyFigure);
  });

  it('refuses data that is no list and renderers that do not exist', () => {
    expect(() => newPlot({ x: [1] } as never)).toThrow(
      'newPlot: data is not a list; got {"x":[1]}, expected [{ x, y }, …]',
    );
    expect(() => newPlot({} as never)).toThrow(OptionError);
    expect(() => setRenderer('inline' as never)).toThrow("setRenderer: renderer has no such value; got 'inline'");
  });
});
