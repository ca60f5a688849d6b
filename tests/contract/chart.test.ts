import { beforeEach, describe, expect, it } from 'vitest';
import { displaySymbol, type MimeBundle } from '../../lib/core/mime.js';
import { charts, setRenderer } from '../../lib/display/index.js';

const hostile = '<script>alert(1)</script> & "quoted" \'too\'';

async function bundleOf(id: string, name: string): Promise<MimeBundle> {
  return charts.get(id).example(name)[displaySymbol]();
}

/** What the browser would read as scripts of the page's own: all but the hostile one must be dpbench's. */
const scripts = (html: string) => [...html.matchAll(/<script\b/gi)].length;

describe('every chart', () => {
  beforeEach(() => setRenderer('embedded'));

  it.each(charts.names())('%s has text and a picture that needs no script', async (id) => {
    const bundle = await bundleOf(id, 'a name');
    expect(typeof bundle['text/plain']).toBe('string');
    expect(bundle['text/plain']).not.toBe('');
    expect(bundle['text/html']).toMatch(/<img src="data:image\/(png|svg\+xml);base64,[A-Za-z0-9+/]+=*" alt="[^"]+"/);
  });

  it.each(charts.names())('%s uses MIME names as Jupyter allows them and values that JSON can hold', async (id) => {
    const bundle = await bundleOf(id, 'a name');
    for (const key of Object.keys(bundle)) expect(key).toMatch(/^[\w\-+.]+\/[\w\-+.]+$/);
    expect(JSON.parse(JSON.stringify(bundle))).toEqual(bundle);
  });

  it.each(charts.names())('%s escapes a hostile name', async (id) => {
    const html = String((await bundleOf(id, hostile))['text/html']);
    const harmless = String((await bundleOf(id, 'a name'))['text/html']);
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain('alert(1)</script>');
    expect(scripts(html)).toBe(scripts(harmless));
    for (const [, packed] of html.matchAll(/data:image\/svg\+xml;base64,([^"]+)"/g)) {
      const svg = Buffer.from(packed!, 'base64').toString('utf8');
      expect(svg).not.toMatch(/<script|<foreignObject|\son\w+=/i);
    }
  });

  it.each(charts.names())('%s is small: 100 kB without the library, 700 kB with it', async (id) => {
    const first = JSON.stringify(await bundleOf(id, 'a name')).length;
    const second = JSON.stringify(await bundleOf(id, 'a name')).length;
    expect(first).toBeLessThan(700_000);
    expect(second).toBeLessThan(100_000);
  });

  it.each(charts.names())('%s is the same each time', async (id) => {
    const first = await bundleOf(id, 'a name');
    setRenderer('embedded');
    expect(await bundleOf(id, 'a name')).toEqual(first);
  });
});
