import { describe, expect, it } from 'vitest';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { displaySymbol, type Displayable } from '../../../lib/core/mime.js';
import { Ledger } from '../../../lib/privacy/index.js';
import { budget, type LedgerView } from '../../../lib/display/index.js';

const ledger: LedgerView = {
  epsilonTarget: 10,
  delta: 1e-5,
  accountant: 'pld',
  entries: [
    {
      of: 'label-wise mean embedding',
      mechanism: 'gaussian',
      event: gaussianEvent(1.5),
      relation: 'add-or-remove-one',
      epsilonAfter: 2.5,
    },
    {
      of: 'gradients',
      mechanism: 'gaussian',
      event: selfComposedEvent(poissonSampledEvent(0.01, gaussianEvent(0.8)), 1000),
      relation: 'replace-one',
      epsilonAfter: 9.75,
    },
  ],
  spent: () => ({ lower: 9.5, estimate: 9.6, upper: 9.75 }),
};

async function drawn(change: Partial<LedgerView> = {}) {
  const bundle = await budget({ ...ledger, ...change })[displaySymbol]();
  const html = String(bundle['text/html']);
  const svg = Buffer.from(/base64,([^"]+)/.exec(html)![1]!, 'base64').toString('utf8');
  const pieces = [...svg.matchAll(/<rect x="([\d.]+)" y="6" width="([\d.]+)"/g)].map((m) => [
    Number(m[1]),
    Number(m[2]),
  ]);
  return { html, svg, pieces: pieces.slice(1), plain: String(bundle['text/plain']) };
}

describe('budget', () => {
  it('draws one piece a release, as long as what it added, against the epsilon asked for', async () => {
    const { pieces, svg } = await drawn();
    // 580 pixels are epsilon 10: 2.5 is 145, and 9.75 - 2.5 = 7.25 is 420.5.
    expect(pieces).toEqual([
      [10, 145],
      [155, 420.5],
    ]);
    expect(svg).toContain('asked: 10');
    expect(svg).not.toContain('#D76364');
  });

  it('lists every release with its noise, relation and epsilon so far', async () => {
    const { plain, html } = await drawn();
    expect(plain.split('\n')[0]).toBe(
      'Privacy budget: epsilon 9.75 of 10 asked for, left: 0.25, at delta 1e-5, pld accountant, 2 releases (true cost between 9.5 and 9.75).',
    );
    expect(plain).toMatch(
      /1 +label-wise mean embedding +gaussian +Gaussian, noise multiplier 1\.5 +add or remove one +2\.5\n/,
    );
    expect(plain).toMatch(/2 +gradients +gaussian +1000 x \[Gaussian, .* of rate 0\.01\] +replace one +9\.75$/);
    expect(html.match(/<tr>/g)).toHaveLength(3);
  });

  it('names the RDP figure beside another accountant, and what is special about a release only where something is', async () => {
    const spentBy = (accountant: string) => (accountant === 'rdp' ? { upper: 11.25 } : undefined);
    expect((await drawn({ spentBy })).plain).toContain(', pld accountant (rdp: 11.25), 2 releases');
    expect((await drawn({ spentBy, accountant: 'rdp' })).plain).toContain(', rdp accountant, 2 releases');
    expect((await drawn({ spentBy: () => undefined })).plain).toContain(', pld accountant, 2 releases');
    const unnamed = { accountant: undefined, spent: () => ({ lower: 9, estimate: 9, upper: 9, accountant: 'gdp' }) };
    expect((await drawn(unnamed)).plain).toContain('left: 1, at delta 1e-5, gdp accountant');
    expect((await drawn()).plain).not.toMatch(/set|part of the data|run$/m);
    const [first, second] = ledger.entries;
    const entries = [first!, { ...second!, noise: 'fixed', part: 'validation', run: 'dp-merf at epsilon 1' } as const];
    const { plain, svg } = await drawn({ entries });
    expect(plain).toMatch(/epsilon so far +set +part of the data +run/);
    expect(plain).toMatch(/9\.75 +fixed +validation +dp-merf at epsilon 1$/);
    expect(svg).toContain('spent: 9.75, left: 0.25');
  });

  it('says loudly when more was spent than asked for', async () => {
    const { plain, svg } = await drawn({ epsilonTarget: 5 });
    expect(plain).toContain('OVER BUDGET');
    expect(svg).toContain('#D76364');
    const rounded = await drawn({
      epsilonTarget: 9.75,
      spent: () => ({ lower: 9, estimate: 9.5, upper: 9.75 * (1 + 1e-12) }),
    });
    expect(rounded.plain).not.toContain('OVER BUDGET');
    const bare = { epsilonTarget: undefined, spent: () => ({ lower: Infinity, estimate: Infinity, upper: Infinity }) };
    expect((await drawn(bare)).plain).toContain('NO PRIVACY');
  });

  it('shows the ledger as it was, and asks it for the cost once', async () => {
    let asked = 0;
    const counting = { ...ledger, spent: () => ({ lower: 1, estimate: 1, upper: ++asked }) };
    const shown = budget(counting);
    await shown[displaySymbol]();
    expect(String(shown)).toContain('epsilon 1 of 10 asked for, left: 9,');
    expect(asked).toBe(1);
  });

  it('draws a ledger without a target, an empty one and an infinite one', async () => {
    expect((await drawn({ epsilonTarget: undefined })).plain).toContain('epsilon 9.75 at delta');
    expect((await drawn({ epsilonTarget: Infinity })).plain).toContain('epsilon 9.75 at delta');
    const nothing = await drawn({ entries: [], spent: () => ({ lower: 0, estimate: 0, upper: 0 }) });
    expect(nothing.plain).toContain('epsilon 0 of 10 asked for, left: 10, at delta 1e-5, pld accountant, 0 releases');
    expect(nothing.pieces).toEqual([]);
    const all = { ...ledger.entries[0]!, event: { kind: 'non-private' as const }, epsilonAfter: Infinity };
    const open = await drawn({
      entries: [all],
      spent: () => ({ lower: Infinity, estimate: Infinity, upper: Infinity }),
    });
    expect(open.plain).toContain('epsilon infinite of 10 asked for');
    expect(open.plain).toContain('OVER BUDGET');
    expect(open.pieces).toEqual([[10, 580]]);
  });

  it('is how a ledger draws itself', async () => {
    const real = new Ledger({ delta: 1e-5, epsilonTarget: 5 });
    const draw = (real as unknown as Displayable)[displaySymbol];
    expect(await draw.call(real)).toEqual(await budget(real)[displaySymbol]());
    expect(Object.keys(Ledger.prototype)).toEqual([]);
  });
});
