import { DataError } from '../core/errors.js';
import { datasets } from '../data/datasets.js';
import { parameterValues, type Parameters } from '../core/options.js';
import type { PlannedRelease, PublicFacts } from '../mechanisms/index.js';
import type { AnyMethod } from '../methods/contract.js';
import { laptopResults } from '../methods/laptop-results.js';
import { methods } from '../methods/methods.js';
import { features } from '../metrics/features/extractors.js';
import { metrics } from '../metrics/metrics.js';
import { accountants } from '../privacy/index.js';

type Row = readonly string[];

function markdownTable(header: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`;
  const widths = header.map((name, column) => Math.max(3, name.length, ...rows.map((row) => row[column]!.length)));
  const padded = (cells: Row) => line(cells.map((cell, column) => cell.padEnd(widths[column]!)));
  return [padded(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(padded)].join('\n');
}

/** MNIST as far as the public facts of its training images go. */
const mnist: PublicFacts = {
  name: 'mnist',
  size: 60_000,
  classes: Array.from('0123456789'),
  shape: { height: 28, width: 28, channels: 1 },
};

/** What a method does and costs, at laptop scale on MNIST. */
function methodRow(method: AnyMethod): Row {
  const { id, paper, summary, publicData = 'none' } = method;
  const params = parameterValues(id, method.params as Parameters, 'laptop', {}) as never;
  const plan = method.spends(params, mnist);
  return [
    `\`${id}\``,
    summary?.idea ?? '',
    summary ? `${summary.noised}: ${thousands(summary.noisedValues(params, mnist))} numbers` : '',
    mechanismsOf(plan),
    publicData === 'none' ? 'no' : publicData,
    measured(id),
    `[${paper.title}](${paper.url}), ${paper.year}`,
  ];
}

/** The mechanisms of a plan, one after the other, each with how often it is used. */
function mechanismsOf(plan: readonly PlannedRelease[]): string {
  const times = new Map<string, number>();
  for (const { mechanism, sampling, sharding } of plan)
    times.set(mechanism, (times.get(mechanism) ?? 0) + (sampling?.steps ?? sharding?.steps ?? 1));
  const words = [...times].map(([mechanism, count]) => `${mechanism}${count > 1 ? `, ${thousands(count)} times` : ''}`);
  return words.join('; ');
}

/** Accuracy and FID as measured at laptop scale. */
function measured(method: string): string {
  const results = laptopResults[method] ?? [];
  const at = (epsilon: number) => results.find((result) => result.dataset === 'mnist' && result.epsilon === epsilon);
  const words = ([10, 1] as const).map((epsilon) => {
    const result = at(epsilon);
    return result ? `${result.accuracy.toFixed(1)} %, FID ${result.fid.toPrecision(2)}` : 'not measured';
  });
  return [...new Set(words)].join('; ');
}

const thousands = (count: number) => count.toLocaleString('en-US');

/** The members of each registry as Markdown tables, by family: what the README shows. */
function memberTables(): Record<string, string> {
  const code = (id: string) => `\`${id}\``;
  return {
    methods: markdownTable(
      ['method', 'idea', 'noise falls on', 'mechanism', 'public images', 'MNIST at epsilon 10 and 1', 'paper'],
      methods.all().map(methodRow),
    ),
    datasets: markdownTable(
      ['dataset', 'what it is', 'classes', 'licence'],
      datasets.names().map((id) => {
        const { title, classes, licence } = datasets.describe(id);
        return [code(id), title, String(classes.length), licence];
      }),
    ),
    metrics: markdownTable(
      ['metric', 'what it is', 'better', 'source'],
      metrics.all().map(({ id, title, better, source }) => [code(id), title, better, source]),
    ),
    features: markdownTable(
      ['features', 'what they are', 'images'],
      features
        .all()
        .map(({ id, name, weights, preprocessing }) => [
          code(id),
          `${name.slice(id.length + 2, -1)}${weights ? '; published weights' : ''}`,
          preprocessing,
        ]),
    ),
    accountants: markdownTable(
      ['accountant', 'what it is'],
      accountants.all().map(({ id, title }) => [code(id), title]),
    ),
  };
}

/**
 * A page with its generated tables brought up to date: each stands between `<!-- methods -->` and `<!-- /methods -->`.
 *
 * @throws DataError when the page has no place for a table.
 */
export function withMemberTables(page: string): string {
  return Object.entries(memberTables()).reduce((text, [family, table]) => {
    const [start, end] = [`<!-- ${family} -->`, `<!-- /${family} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from)
      throw new DataError({
        asked: 'dpbench list --into',
        wrong: `the page has no place for the ${family}`,
        expected: `${start} and ${end}`,
      });
    return `${text.slice(0, from + start.length)}\n\n${table}\n\n${text.slice(to)}`;
  }, page);
}
