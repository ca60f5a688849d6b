import { describeEvent, type NeighbouringRelation, type PrivacyEvent } from '../core/events.js';
import { displaySymbol, drawWith, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { Ledger } from '../privacy/index.js';
import { htmlTable, plainTable, shortNumber, type TextTable } from './html-table.js';
import { coordinate, element, svgAddress, text } from './static/svg.js';

/** What the budget display needs to know of a privacy ledger: `Ledger` has it all. */
export interface LedgerView {
  /** The epsilon that was asked for, when there was one. */
  readonly epsilonTarget?: number;
  readonly delta: number;
  readonly accountant?: string;
  readonly entries: readonly LedgerEntryView[];
  /** What all entries together cost; `upper` is the guarantee. */
  spent(): { readonly lower: number; readonly estimate: number; readonly upper: number; readonly accountant?: string };
  /** The same by another accountant, when it can take the entries. */
  spentBy?(accountant: string): { readonly upper: number } | undefined;
}

/** One release of something computed from private data. */
export interface LedgerEntryView {
  /** What was released: `label-wise mean embedding`. */
  readonly of: string;
  readonly mechanism: string;
  readonly event: PrivacyEvent;
  readonly relation: NeighbouringRelation;
  /** Whether the noise was found for the budget or fixed by the method. */
  readonly noise?: 'calibrated' | 'fixed';
  /** One of several disjoint parts of the data: parts cost the dearest of them. */
  readonly part?: string;
  /** Run that made the release, in a ledger of several. */
  readonly run?: string;
  /** Epsilon of this entry and all before it (upper bound). */
  readonly epsilonAfter: number;
}

/**
 * Shows a ledger: a bar of what was spent against what was asked for, and one row for each release.
 *
 * @example dp.budget(run.ledger)
 */
export function budget(ledger: LedgerView): Displayable & { toString(): string } {
  const shown = budgetNow(ledger);
  const words = sentence(shown);
  const table = entryTable(shown);
  const plain = `${words}\n${plainTable(table)}`;
  return {
    toString: () => plain,
    [displaySymbol]: (): MimeBundle => ({
      'text/html':
        `<div>${escapeHtml(words)}</div>` +
        `<img src="${svgAddress(bar(shown))}" alt="${escapeHtml(words)}" width="600" height="46">` +
        htmlTable(table),
      'text/plain': plain,
    }),
  };
}

/** The ledger as it is now, with its cost computed once: an accountant may need seconds for it. */
interface Budget {
  readonly asked: number | undefined;
  readonly delta: number;
  readonly accountant: string | undefined;
  /** What the RDP accountant says, beside another one's figure. */
  readonly rdp: number | undefined;
  readonly entries: readonly LedgerEntryView[];
  readonly spent: { readonly lower: number; readonly upper: number };
  readonly over: boolean;
}

function budgetNow(ledger: LedgerView): Budget {
  const { epsilonTarget, delta, entries } = ledger;
  const spent = ledger.spent();
  const accountant = ledger.accountant ?? spent.accountant;
  const rdp = accountant === 'rdp' || entries.length === 0 ? undefined : ledger.spentBy?.('rdp')?.upper;
  const asked = epsilonTarget === Infinity ? undefined : epsilonTarget;
  // Calibration ends within rounding of what was asked for: that is not over budget.
  const over = spent.upper === Infinity || (asked !== undefined && spent.upper > asked * (1 + 1e-9));
  return { asked, delta, accountant, rdp, entries, spent, over };
}

function sentence({ asked, delta, accountant, rdp, entries, spent, over }: Budget): string {
  const target =
    asked === undefined ? '' : ` of ${shortNumber(asked)} asked for${leftOf({ asked, spent, over })}${over ? '' : ','}`;
  const beside = rdp === undefined ? '' : ` (rdp: ${shortNumber(rdp)})`;
  const by = accountant === undefined ? '' : `, ${accountant} accountant${beside}`;
  const count = `${entries.length} ${entries.length === 1 ? 'release' : 'releases'}`;
  const [lower, upper] = [shortNumber(spent.lower), shortNumber(spent.upper)];
  const bounds = lower === upper ? '' : ` (true cost between ${lower} and ${upper})`;
  const alarm = over ? (asked === undefined ? ' NO PRIVACY.' : ' OVER BUDGET.') : '';
  return `Privacy budget: epsilon ${upper}${target} at delta ${shortNumber(delta)}${by}, ${count}${bounds}.${alarm}`;
}

/** A column that is left out when no entry has it. */
const optionalColumns = [
  ['noise', 'set'],
  ['part', 'part of the data'],
  ['run', 'run'],
] as const;

function entryTable({ entries }: Budget): TextTable {
  const shown = optionalColumns.filter(([name]) => entries.some((entry) => entry[name] !== undefined));
  const rows = entries.map((entry, i) => [
    String(i + 1),
    entry.of,
    entry.mechanism,
    describeEvent(entry.event),
    entry.relation.replaceAll('-', ' '),
    shortNumber(entry.epsilonAfter),
    ...shown.map(([name]) => entry[name] ?? ''),
  ]);
  const titles = shown.map(([, title]) => title);
  const header = ['', 'released', 'mechanism', 'noise', 'neighbours', 'epsilon so far', ...titles];
  return { header, rows, numeric: [0, 5] };
}

const pieceColors = ['#2F7FC1', '#05B9E2', '#8E8BFE', '#B1CE46', '#FF8C42'];

/** One piece for each entry, as long as what it added; a line at the epsilon that was asked for. */
function bar({ asked, entries, spent, over }: Budget): string {
  const most = Math.max(spent.upper, asked ?? 0);
  const length = (epsilon: number) => (Number.isFinite(most) ? (epsilon / (most || 1)) * 580 : 580);
  const pieces = entries.map((entry, i) => {
    const start = i === 0 ? 0 : length(entries[i - 1]!.epsilonAfter);
    const width = Math.max(0, length(entry.epsilonAfter) - start);
    const fill = over ? '#D76364' : pieceColors[i % pieceColors.length]!;
    return element('rect', { x: 10 + start, y: 6, width, height: 18, fill });
  });
  const frame = { xmlns: 'http://www.w3.org/2000/svg', width: 600, height: 46, viewBox: '0 0 600 46' };
  return element(
    'svg',
    { ...frame, 'font-family': 'sans-serif', 'font-size': 12 },
    element('rect', { width: 600, height: 46, fill: '#ffffff' }),
    element('rect', { x: 10, y: 6, width: 580, height: 18, fill: '#ececec' }),
    ...pieces,
    text(`spent: ${shortNumber(spent.upper)}${leftOf({ asked, spent, over })}`, { x: 10, y: 41 }),
    asked === undefined ? '' : askedLine(asked, Number.isFinite(most) ? 10 + length(asked) : 590),
  );
}

function leftOf({ asked, spent, over }: Pick<Budget, 'asked' | 'spent' | 'over'>): string {
  return asked === undefined || over ? '' : `, left: ${shortNumber(Math.max(0, asked - spent.upper))}`;
}

/** The line at what was asked for; its words keep clear of those at the left. */
function askedLine(asked: number, at: number): string {
  const words = { x: Math.min(590, Math.max(190, at + 30)), y: 41, 'text-anchor': 'end' };
  const line = element('path', { d: `M${coordinate(at)} 2v26`, stroke: '#222222', 'stroke-width': 2 });
  return line + text(`asked: ${shortNumber(asked)}`, words);
}

drawWith(Ledger, budget);
