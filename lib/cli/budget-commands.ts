import type { Command } from 'commander';
import { printResult } from './output.js';
import { names, number } from './parse.js';

interface SamplerFlags {
  sampleRate: number;
  steps: number;
  delta: number;
  accountant?: string[];
  json?: boolean;
}

const sampler = (command: Command): Command =>
  command
    .option('--sample-rate <q>', 'probability of a record to be in a batch', number, 1)
    .option('--steps <T>', 'number of steps', number, 1)
    .requiredOption('--delta <delta>', 'probability that the guarantee does not hold', number)
    .option('--accountant <names>', 'pld, rdp, gdp, or several for a table (default: pld)', names)
    .option('--json', 'print JSON; a list where several accountants are asked');

/** `dpbench epsilon` and `dpbench noise`: plain numbers; TensorFlow is not loaded. */
export function addBudgetCommands(program: Command): void {
  sampler(program.command('epsilon'))
    .description('epsilon of a number of (Poisson-sampled) Gaussian steps')
    .requiredOption('--noise-multiplier <z>', 'noise standard deviation over sensitivity', number)
    .action(async ({ json, accountant: asked = [], ...options }: SamplerFlags & { noiseMultiplier: number }) => {
      const { epsilon } = await import('../privacy/index.js');
      const answer = (accountant?: string) => {
        const result = epsilon({ ...options, ...(accountant !== undefined && { accountant }) });
        const { lower, estimate, upper } = result;
        const text = `epsilon ${upper.toFixed(6)} (${result.accountant}; lower ${lower.toFixed(6)}, estimate ${estimate.toFixed(6)})`;
        return { result, text };
      };
      await printAnswers(asked, answer, json, ['lower', 'estimate', 'upper']);
    });
  sampler(program.command('noise'))
    .description('smallest noise multiplier that keeps an epsilon')
    .requiredOption('--epsilon <epsilon>', 'privacy budget', number)
    .action(async ({ json, accountant: asked = [], ...options }: SamplerFlags & { epsilon: number }) => {
      const { noiseMultiplier } = await import('../privacy/index.js');
      const answer = (accountant?: string) => {
        const found = noiseMultiplier({ ...options, ...(accountant !== undefined && { accountant }) });
        const result = { noiseMultiplier: found, ...(accountant !== undefined && { accountant }) };
        return { result, text: `noise multiplier ${found.toFixed(6)}` };
      };
      await printAnswers(asked, answer, json, ['noiseMultiplier']);
    });
}

/** One answer as it is; several as a table, in which an accountant that cannot take the mechanism says so. */
async function printAnswers(
  accountants: readonly string[],
  answer: (accountant?: string) => { result: object; text: string },
  json: boolean | undefined,
  columns: readonly string[],
): Promise<void> {
  if (accountants.length < 2) {
    const { result, text } = answer(accountants[0]);
    return printResult(result, text, json);
  }
  const { BudgetError } = await import('../core/errors.js');
  const { plainTable } = await import('../display/html-table.js');
  const results = accountants.map((accountant): Record<string, unknown> => {
    try {
      return { ...answer(accountant).result, accountant };
    } catch (error) {
      if (error instanceof BudgetError) return { accountant, refused: error.message };
      throw error;
    }
  });
  const cell = (value: unknown) => (typeof value === 'number' ? value.toFixed(6) : '-');
  const rows = results.map((result) => [String(result['accountant']), ...columns.map((name) => cell(result[name]))]);
  const table = plainTable({ header: ['accountant', ...columns], rows, numeric: columns.map((_, i) => i + 1) });
  const refused = results.filter((result) => 'refused' in result).map((result) => String(result['refused']));
  printResult(results, [table, ...refused].join('\n'), json);
}
