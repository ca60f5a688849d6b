import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { checkOneOf } from '../core/check.js';
import { escapeHtml } from '../core/mime.js';
import { svgAddress } from './static/svg.js';

/**
 * How a figure comes by plotly.js in the page that shows it.
 * `embedded`: the first figure of the process carries it (0.5 MB, packed), the others wait for that one.
 * `shared`: no figure carries it; the page fetches it from the Jupyter server, where the kernel installed it.
 * `static`: no script at all, only the picture.
 */
export type Renderer = 'embedded' | 'shared' | 'static';

const renderers = ['embedded', 'shared', 'static'] as const satisfies readonly Renderer[];

let renderer: Renderer = 'embedded';
let carried = false;

/**
 * Chooses how figures come by plotly.js. Setting `embedded` again makes the next figure carry the library once more,
 * for instance after the output of the first figure was cleared. Throws `OptionError` for another name.
 *
 * @example dp.setRenderer('static')
 */
export function setRenderer(name: Renderer): void {
  renderer = checkOneOf('setRenderer', 'renderer', name, renderers);
  carried = false;
}

/** A figure as JSON values only: what Plotly gets. */
export interface PlainFigure {
  readonly data: readonly unknown[];
  readonly layout: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * The figure as HTML: the static picture, and a script that puts the interactive figure in its place. The place is
 * found by a name made from the content, so that two outputs of the same figure may share it and a notebook that is
 * run twice is the same file.
 */
export function figurePage(figure: PlainFigure, picture: string, alt: string): string {
  const json = scriptJson(figure);
  const name = createHash('sha256').update(json).digest('hex').slice(0, 16);
  const image = `<img src="${svgAddress(picture)}" alt="${escapeHtml(alt)}" style="max-width:100%">`;
  const place = `<div data-dpbench-figure="${name}" style="background:#fff">${image}</div>`;
  if (renderer === 'static') return place;
  const packed = renderer === 'embedded' && !carried ? packedLibrary() : '';
  carried = true;
  return `${place}\n<script>(${pageScript})("${name}", ${json}, "${packed}", ${renderer === 'embedded' ? 4000 : 0})</script>`;
}

/** JSON that may stand in a script element: no `</script>`, no `<!--`, no line separators that old parsers refuse. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

let packedOnce: string | undefined;

/** plotly.js (basic build, minified) as gzip in base64: 0.5 MB instead of 1.1 MB. */
function packedLibrary(): string {
  packedOnce ??= gzipSync(readFileSync(plotlyFile()), { level: 9 }).toString('base64');
  return packedOnce;
}

/** The file of plotly.js that figures use; the kernel's installer copies it beside its kernel specification. */
export function plotlyFile(): string {
  return createRequire(import.meta.url).resolve('plotly.js-basic-dist-min/plotly-basic.min.js');
}

/**
 * Runs in the page. `window.dpbenchPlotly` is one promise a page that the library settles when it arrives, whichever
 * output brings it; after `patience` milliseconds a figure fetches it from the Jupyter server. When nothing
 * comes, the picture stays. AMD's `define` is hidden while the library runs: pages with require.js (nbconvert,
 * nbviewer) would else swallow it.
 */
const pageScript = /* JavaScript */ `function (name, figure, packed, patience) {
  var page = window.dpbenchPlotly;
  if (!page) {
    page = window.dpbenchPlotly = {};
    page.ready = new Promise(function (resolve) { page.resolve = resolve; });
  }
  function run(code) {
    if (!window.Plotly) {
      var hidden = { define: window.define, require: window.require, module: window.module, exports: window.exports };
      for (var key in hidden) window[key] = undefined;
      var script = document.createElement("script");
      script.textContent = code;
      document.head.appendChild(script);
      for (key in hidden) window[key] = hidden[key];
    }
    if (window.Plotly) page.resolve(window.Plotly);
  }
  function unpack(text) {
    var bytes = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }
  function fetchLibrary() {
    if (window.Plotly) return page.resolve(window.Plotly);
    if (page.asked) return;
    page.asked = true;
    var settings = document.getElementById("jupyter-config-data");
    var base = "/";
    try { base = JSON.parse(settings.textContent).baseUrl || base; } catch (noJupyter) {}
    fetch(base + "kernelspecs/dpbench/plotly.min.js")
      .then(function (answer) { if (!answer.ok) throw answer.status; return answer.text(); })
      .then(run)
      .catch(function () { page.asked = false; });
  }
  function draw(Plotly) {
    document.querySelectorAll('[data-dpbench-figure="' + name + '"]').forEach(function (place) {
      if (place.dataset.drawn) return;
      place.dataset.drawn = "yes";
      var chart = document.createElement("div");
      place.appendChild(chart);
      Plotly.newPlot(chart, figure.data, figure.layout, figure.config).then(
        function () { place.querySelectorAll(":scope > img").forEach(function (image) { image.remove(); }); },
        function () { chart.remove(); });
    });
  }
  page.ready.then(draw);
  if (window.Plotly) page.resolve(window.Plotly);
  else if (packed) unpack(packed).then(run).catch(fetchLibrary);
  else setTimeout(fetchLibrary, patience);
}`;
