import { expect, it } from 'vitest';
import { displayGlobals } from '../../../kernel/output/display.js';

function rig() {
  const shown: [unknown, unknown][] = [];
  const waits: Promise<void>[] = [];
  const globals = displayGlobals({
    display: (data, options) => shown.push([data, options]),
    clear: (wait) => shown.push(['clear', wait]),
    wait: (promise) => waits.push(promise),
  });
  return { shown, waits, ...globals };
}

const first = { metadata: {}, displayId: undefined, update: false };

it('shows values, in place, and with a name that can be shown again', async () => {
  const { display, shown } = rig();
  await display(1);
  await display(2, { display_id: 'a', metadata: { b: 1 } });
  await display(3, { display_id: 'a', update: true });
  expect(shown).toEqual([
    [{ 'text/plain': '1' }, first],
    [{ 'text/plain': '2' }, { metadata: { b: 1 }, displayId: 'a', update: false }],
    [{ 'text/plain': '3' }, { metadata: {}, displayId: 'a', update: true }],
  ]);
});

it('shows text of a given kind', async () => {
  const { display, shown } = rig();
  await display.html('<b>');
  await display.png(new Uint8Array([1]));
  await display.json({ a: 1 });
  expect(shown.map(([data]) => data)).toEqual([
    { 'text/html': '<b>', 'text/plain': '<b>' },
    { 'image/png': 'AQ==', 'text/plain': 'image, 1 bytes' },
    { 'application/json': { a: 1 }, 'text/plain': '{"a":1}' },
  ]);
});

it('a handle shows once and updates then', async () => {
  const { display, shown } = rig();
  const handle = display.handle();
  await handle.update('x');
  await handle.update('y');
  expect(shown.map(([, options]) => options)).toEqual([
    { metadata: {}, displayId: handle.id, update: false },
    { metadata: {}, displayId: handle.id, update: true },
  ]);
});

it('the cell waits for what draws itself later', async () => {
  const { display, shown, waits } = rig();
  void display({ [Symbol.for('Jupyter.display')]: () => Promise.resolve({ 'text/plain': 'late' }) });
  expect([shown.length, waits.length]).toEqual([0, 1]);
  await Promise.all(waits);
  expect(shown).toHaveLength(1);
});

it('tags escape what stands in them, except their own', () => {
  const { html, md, svg } = rig();
  expect(String(html`<p>${'<&>'}${[html`<b>${1}</b>`, 2]}</p>`)).toBe('<p>&lt;&amp;&gt;<b>1</b>2</p>');
  expect(String(md`*${'<a>'}*`)).toBe('*<a>*');
  expect(svg`<svg/>`.type).toBe('image/svg+xml');
});
