import type { Command } from 'commander';
import { number } from './parse.js';
import { printResult } from './output.js';

interface SamplerFlags {
  sampleRate: number;
  steps: number;
  delta: number;
  accountant?: string;
  json?: boolean;
}

const sampler = (command: Command): Command =>
  command
    .option('--sample-rate <q>', 'probability of a record to be in a batch', number, 1)
    .option('--steps <T>', 'number of steps', number, 1)
    .requiredOption('--delta <delta>', 'probability that the guarantee does not hold', number)
    .option('--accountant <name>', 'how losses are added up')
    .option('--json', 'print JSON');

/** `dpbench epsilon` and `dpbench noise`: plain numbers; TensorFlow is not loaded. */
export function addBudgetCommands(program: Command): void {
  sampler(program.command('epsilon'))
    .description('epsilon of a number of (Poisson-sampled) Gaussian steps')
    .requiredOption('--noise-multiplier <z>', 'noise standard deviation over sensitivity', number)
    .action(async ({ json, ...options }: SamplerFlags & { noiseMultiplier: number }) => {
      const { epsilon } = await import('../privacy/index.js');
      const result = epsilon(options);
      const { lower, estimate, upper, accountant } = result;
      const text = `epsilon ${upper.toFixed(6)} (${accountant}; lower ${lower.toFixed(6)}, estimate ${estimate.toFixed(6)})`;
      printResult(result, text, json);
    });
  sampler(program.command('noise'))
    .description('smallest noise multiplier that keeps an epsilon')
    .requiredOption('--epsilon <epsilon>', 'privacy budget', number)
    .action(async ({ json, ...options }: SamplerFlags & { epsilon: number }) => {
      const { noiseMultiplier } = await import('../privacy/index.js');
      const value = noiseMultiplier(options);
      printResult({ noiseMultiplier: value }, `noise multiplier ${value.toFixed(6)}`, json);
    });
}
