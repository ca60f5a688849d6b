import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { figurePage, scriptJson, setRenderer } from '../../../lib/display/plotly-page.js';

const figure = { data: [{ y: [1, 2] }], layout: { title: { text: '</script><b>' } }, config: {} };

const page = () => figurePage(figure, '<svg/>', 'two points');
const scriptOf = (html: string) => /<script>([\s\S]*)<\/script>$/.exec(html)![1]!;

/** A page with as much of a browser as the script uses. */
function browser({ served = undefined as string | undefined, plotly = undefined as object | undefined } = {}) {
  const plots: unknown[][] = [];
  const fetched: string[] = [];
  const timers: { after: number; run: () => void }[] = [];
  const images = [{ gone: false, remove: () => (images[0]!.gone = true) }];
  const place = { dataset: {} as Record<string, string>, appendChild: () => undefined, querySelectorAll: () => images };
  const newPlot = (...args: unknown[]) => Promise.resolve(plots.push(args.slice(1)));
  const window: Record<string, unknown> = { define: 'of require.js', Plotly: plotly && { newPlot } };
  const document = {
    querySelectorAll: () => [place],
    getElementById: () => ({ textContent: '{"baseUrl": "/user/ann/"}' }),
    createElement: () => ({ textContent: '', remove: () => undefined }),
    // Stands for running the library: a UMD wrapper gives itself to `define` where there is one.
    head: {
      appendChild: (script: { textContent: string }) => {
        if (script.textContent.includes('plotly.js') && window.define === undefined) window.Plotly = { newPlot };
      },
    },
  };
  const fetch = (address: string) => {
    fetched.push(address);
    return Promise.resolve({ ok: served !== undefined, status: 404, text: () => Promise.resolve(served) });
  };
  const setTimeout = (run: () => void, after: number) => timers.push({ after, run });
  const web = { atob, Blob, Response, DecompressionStream, Uint8Array, Promise, JSON };
  const context = createContext({ window, document, fetch, setTimeout, ...web });
  const settle = () => new Promise((resolve) => globalThis.setTimeout(resolve, 60));
  return {
    run: (html: string) => runInContext(scriptOf(html), context) as unknown,
    plots,
    fetched,
    timers,
    images,
    window,
    settle,
  };
}

describe('the page of a figure', () => {
  it('carries the library in the first figure only, and again after setRenderer', () => {
    setRenderer('embedded');
    const sizes = [page(), page()].map((html) => html.length);
    setRenderer('embedded');
    expect(page().length).toBe(sizes[0]);
    expect(sizes[0]).toBeGreaterThan(400_000);
    expect(sizes[1]).toBeLessThan(5_000);
  });

  it('draws with the library that it carries, hidden from require.js, and takes the picture away', async () => {
    setRenderer('embedded');
    const { run, plots, images, window, fetched, settle } = browser();
    run(page());
    await expect.poll(() => plots.length, { timeout: 5000 }).toBe(1);
    await settle();
    expect(plots).toEqual([[figure.data, figure.layout, figure.config]]);
    expect(images[0]!.gone).toBe(true);
    expect(window.define).toBe('of require.js');
    expect(fetched).toEqual([]);
  });

  it('waits for the library of an earlier output, whichever order they run in', async () => {
    setRenderer('embedded');
    const [first, second] = [page(), page().replace('"y":[1,2]', '"y":[3,4]')];
    const { run, plots, timers } = browser();
    run(second);
    expect(timers[0]!.after).toBe(4000);
    run(first);
    // Both outputs find the same place, which is drawn once: the first that asked.
    await expect.poll(() => plots.length, { timeout: 5000 }).toBe(1);
    expect(plots[0]![0]).toEqual([{ y: [3, 4] }]);
  });

  it('uses a library that the page has already', async () => {
    setRenderer('shared');
    const { run, plots, timers, settle } = browser({ plotly: {} });
    run(page());
    await settle();
    expect(plots).toHaveLength(1);
    expect(timers).toEqual([]);
  });

  it('fetches it from the Jupyter server at the end of its patience', async () => {
    setRenderer('shared');
    const { run, plots, timers, fetched, settle } = browser({ served: '/* plotly.js */' });
    run(page());
    expect(timers[0]!.after).toBe(0);
    timers[0]!.run();
    await settle();
    expect(fetched).toEqual(['/user/ann/kernelspecs/dpbench/plotly.min.js']);
    expect(plots).toHaveLength(1);
  });

  it('leaves the picture when there is no library anywhere', async () => {
    setRenderer('shared');
    const { run, plots, timers, images, settle } = browser();
    run(page());
    timers[0]!.run();
    await settle();
    expect(plots).toEqual([]);
    expect(images[0]!.gone).toBe(false);
  });

  it('has no script when it shall be static', () => {
    setRenderer('static');
    expect(page()).not.toContain('<script');
    expect(page()).toContain('alt="two points"');
  });

  it('writes JSON that cannot end the script', () => {
    const hostile = ['</script>', '<!--', '\u2028\u2029'];
    expect(scriptJson(hostile)).toBe('["\\u003c/script>","\\u003c!--","\\u2028\\u2029"]');
    expect(JSON.parse(scriptJson(hostile))).toEqual(hostile);
    setRenderer('shared');
    expect([...page().matchAll(/<\/script>/g)]).toHaveLength(1);
  });
});
