import { DataError } from '../core/errors.js';
import { datasets } from '../data/datasets.js';
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

/** The members of each registry as Markdown tables, by family: what the README shows. */
function memberTables(): Record<string, string> {
  const code = (id: string) => `\`${id}\``;
  return {
    methods: markdownTable(
      ['method', 'paper'],
      methods
        .all()
        .map(({ id, paper }) => [code(id), `${paper.authors}: [${paper.title}](${paper.url}), ${paper.year}`]),
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
