import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { printResult } from './output.js';

/** `dpbench list`: what there is by name. */
export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('methods, datasets, metrics, feature extractors and accountants by name')
    .option('--json', 'print JSON')
    .option('--into <page>', 'write them as tables into a Markdown page between its marks')
    .action(async ({ json, into }: { json?: boolean; into?: string }) => {
      if (into) {
        const { withMemberTables } = await import('./member-tables.js');
        writeFileSync(into, withMemberTables(readFileSync(into, 'utf8')));
        return;
      }
      const { methods } = await import('../methods/methods.js');
      const { metrics } = await import('../metrics/metrics.js');
      const { features } = await import('../metrics/features/extractors.js');
      const { datasets } = await import('../data/datasets.js');
      const { accountants } = await import('../privacy/index.js');
      const families = {
        methods: methods.all().map(({ id, title }) => ({ id, title })),
        datasets: datasets.names().map((id) => ({ id, title: datasets.describe(id).title })),
        metrics: metrics.all().map(({ id, title }) => ({ id, title })),
        features: features.all().map(({ id, name }) => ({ id, title: name })),
        accountants: accountants.all().map(({ id, title }) => ({ id, title })),
      };
      const text = Object.entries(families)
        .map(([family, members]) =>
          [family, ...members.map(({ id, title }) => `  ${id.padEnd(26)}${title}`)].join('\n'),
        )
        .join('\n');
      printResult(families, text, json);
    });
}
