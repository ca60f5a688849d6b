import { describeEvent, type NeighbouringRelation, type PrivacyEvent } from '../core/events.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { htmlTable, plainTable, shortNumber, type TextTable } from './html-table.js';
import { element, svgAddress, text } from './static/svg.js';

/** What the budget display needs to know of a privacy ledger: `Ledger` has it all. */
export interface LedgerView {
  /** The epsilon that was asked for, when there was one. */
  readonly epsilonTarget?: number;
  readonly delta: number;
  readonly accountant?: string;
  readonly entries: readonly LedgerEntryView[];
  /** What all entries together cost; `upper` is the guarantee. */
  spent(): { readonly lower: number; readonly estimate: number; readonly upper: number };
}

/** One release of something computed from private data. */
export interface LedgerEntryView {
  /** What was released: `label-wise mean embedding`. */
  readonly of: string;
  readonly mechanism: string;
  readonly event: PrivacyEvent;
  readonly relation: NeighbouringRelation;
  /** Epsilon of this entry and all before it (upper bound). */
  readonly epsilonAfter: number;
}

/**
 * Shows a ledger: a bar of what was spent against what was asked for, and one row for each release.
 *
 * @example dp.budget(run.ledger)
 */
export function budget(ledger: LedgerView): Displayable & { toString(): string } {
  const words = sentence(ledger);
  const table = entryTable(ledger);
  const plain = `${words}\n${plainTable(table)}`;
  return {
    toString: () => plain,
    [displaySymbol]: (): MimeBundle => ({
      'text/html':
        `<div>${escapeHtml(words)}</div>` +
        `<img src="${svgAddress(bar(ledger))}" alt="${escapeHtml(words)}" width="600" height="46">` +
        htmlTable(table),
      'text/plain': plain,
    }),
  };
}

function sentence(ledger: LedgerView): string {
  const { epsilonTarget: epsilon, delta, entries, accountant } = ledger;
  const spent = ledger.spent();
  const asked = epsilon === undefined ? '' : ` of ${shortNumber(epsilon)} asked for`;
  const by = accountant === undefined ? '' : `, ${accountant} accountant`;
  const over = epsilon !== undefined && spent.upper > epsilon ? ' OVER BUDGET.' : '';
  const count = `${entries.length} ${entries.length === 1 ? 'release' : 'releases'}`;
  const bounds = `between ${shortNumber(spent.lower)} and ${shortNumber(spent.upper)}`;
  return `Privacy budget: epsilon ${shortNumber(spent.upper)}${asked} at delta ${shortNumber(delta)}${by}, ${count} (true cost ${bounds}).${over}`;
}

function entryTable({ entries }: LedgerView): TextTable {
  const rows = entries.map((entry, i) => [
    String(i + 1),
    entry.of,
    entry.mechanism,
    describeEvent(entry.event),
    entry.relation.replaceAll('-', ' '),
    shortNumber(entry.epsilonAfter),
  ]);
  const header = ['', 'released', 'mechanism', 'noise', 'neighbours', 'epsilon so far'];
  return { header, rows, numeric: [0, 5] };
}

const pieceColors = ['#2F7FC1', '#05B9E2', '#8E8BFE', '#B1CE46', '#FF8C42'];

/** One piece for each entry, as long as what it added; a line at the epsilon that was asked for. */
function bar(ledger: LedgerView): string {
  const { epsilonTarget: epsilon, entries } = ledger;
  const spent = ledger.spent();
  const most = Math.max(spent.upper, epsilon ?? 0);
  const scale = Number.isFinite(most) && most > 0 ? 580 / most : 0;
  const over = !Number.isFinite(spent.upper) || (epsilon !== undefined && spent.upper > epsilon);
  const ends = entries.map((entry) => (Number.isFinite(entry.epsilonAfter) ? entry.epsilonAfter * scale : 580));
  const pieces = ends.map((end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    const fill = over ? '#D76364' : pieceColors[i % pieceColors.length]!;
    return element('rect', { x: 10 + start, y: 6, width: Math.max(0, end - start), height: 18, fill });
  });
  const room = element('rect', { x: 10, y: 6, width: 580, height: 18, fill: '#ececec' });
  const at = 10 + (epsilon ?? 0) * scale;
  const line =
    epsilon === undefined ? '' : element('path', { d: `M${at.toFixed(2)} 2v26`, stroke: '#222222', 'stroke-width': 2 });
  const label =
    epsilon === undefined
      ? ''
      : text(`asked: ${shortNumber(epsilon)}`, {
          x: Math.min(590, Math.max(80, at + 30)),
          y: 41,
          'text-anchor': 'end',
        });
  const frame = { xmlns: 'http://www.w3.org/2000/svg', width: 600, height: 46, viewBox: '0 0 600 46' };
  const spentLabel = text(`spent: ${shortNumber(spent.upper)}`, { x: 10, y: 41 });
  const ground = element('rect', { width: 600, height: 46, fill: '#ffffff' });
  return element(
    'svg',
    { ...frame, 'font-family': 'sans-serif', 'font-size': 12 },
    ground,
    room,
    ...pieces,
    line,
    spentLabel,
    label,
  );
}
