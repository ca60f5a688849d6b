import type { Command } from 'commander';
import type { PretrainOptions } from '../bench/pretrained/pretrain.js';
import type { RunOptions } from '../bench/run-options.js';
import type { Run } from '../bench/run-result.js';
import type { SweepOptions } from '../bench/sweep.js';
import { displaySymbol } from '../core/mime.js';
import { computedInChild } from './compute-process.js';
import { assignment, names, number, numbers } from './parse.js';
import { printResult } from './output.js';
import { withProgress } from './with-progress.js';

const shared = (command: Command): Command =>
  command
    .option('--delta <delta>', 'probability that the guarantee does not hold (default: 1 / (N ln N))', number)
    .option('--scale <scale>', 'smoke, laptop or paper (default: laptop)')
    .option('--accountant <name>', 'how losses are added up')
    .option('--public-dataset <name>', 'public dataset to train with first, for methods that take one')
    .option('--warm-up <way>', 'central-images: train on noisy mean images of the private classes first')
    .option('--params <name=value>', 'a parameter of the method; may be repeated', assignment)
    .option('--metrics <names>', 'metrics, separated by commas (default: all)', names)
    .option('--features <name>', 'feature extractor (default: the first that is made for such images)')
    .option(
      '--selection <way>',
      'how classifiers are selected: synthetic, noisy, reference or final (default: synthetic)',
    )
    .option('--selection-epsilon <epsilon>', "budget of the selection 'noisy' on the held-out records", number)
    .option('--held-out <count>', 'training records to hold out for validation', number)
    .option('--curve <reference>', 'public dataset, samples, sensitive or none: what the FID curve compares with')
    .option('--samples <count>', 'synthetic images to make', number)
    .option('--limit <count>', 'at most so many training records', number)
    .option('--root <folder>', "folder that holds the dataset's folder (default: DPBENCH_DATA)")
    .option('--out <folder>', 'folder of the result')
    .option('--json', 'print JSON');

/** `dpbench run`, `dpbench resume`, `dpbench pretrain` and `dpbench sweep`. */
export function addRunCommands(program: Command): void {
  shared(program.command('run'))
    .description('train a method on a dataset within a privacy budget, synthesise images and score them')
    .requiredOption('--method <name>', 'method: see `dpbench list`')
    .requiredOption('--dataset <name>', 'dataset: see `dpbench list`')
    .requiredOption('--epsilon <epsilon>', 'privacy budget', number)
    .option('--seed <seed>', 'seed of weights and latents', number)
    .action(async ({ json, ...options }: RunOptions & { json?: boolean }) => {
      if (await computedInChild()) return;
      const { run } = await import('../bench/run.js');
      await printRun(await withProgress((signal) => run({ ...options, signal })), json);
    });
  program
    .command('resume')
    .description('go on with a run that was stopped, with the budget that it had spent')
    .argument('<folder>', 'its folder: FOLDER.unfinished')
    .option('--root <folder>', "folder that holds the dataset's folder, when it is elsewhere now")
    .option('--json', 'print JSON')
    .action(async (folder: string, { json, ...options }: { json?: boolean; root?: string }) => {
      if (await computedInChild()) return;
      process.stderr.write(`dpbench: going on with ${folder}\n`);
      const { resume } = await import('../bench/resume.js');
      await printRun(await withProgress((signal) => resume(folder, { ...options, signal })), json);
    });
  program
    .command('pretrain')
    .description('train what a method trains on public images alone, and keep it for its runs')
    .requiredOption('--method <name>', 'method: see `dpbench list`')
    .requiredOption('--dataset <name>', 'private dataset, of which only the shape and the classes are used')
    .requiredOption('--public-dataset <name>', 'public dataset')
    .option('--scale <scale>', 'smoke, laptop or paper (default: laptop)')
    .option('--params <name=value>', 'a parameter of the method; may be repeated', assignment)
    .option('--root <folder>', 'folder that holds the folder of the public dataset (default: DPBENCH_DATA)')
    .option('--json', 'print JSON')
    .action(async ({ json, ...options }: PretrainOptions & { json?: boolean }) => {
      if (await computedInChild()) return;
      const { pretrain } = await import('../bench/pretrained/pretrain.js');
      const result = await withProgress((signal) => pretrain({ ...options, signal }));
      printResult(result, String(result), json);
    });
  shared(program.command('sweep'))
    .description('many runs; those whose folder is there are not repeated')
    .requiredOption('--methods <names>', 'methods, separated by commas', names)
    .requiredOption('--datasets <names>', 'datasets, separated by commas', names)
    .requiredOption('--epsilons <values>', 'budgets, separated by commas', numbers)
    .option('--seeds <values>', 'seeds, separated by commas', numbers)
    .action(async ({ json, ...options }: SweepOptions & { json?: boolean }) => {
      if (await computedInChild()) return;
      const { sweep } = await import('../bench/sweep.js');
      const result = await withProgress((signal) => sweep({ ...options, signal }));
      const bundle = await result[displaySymbol]();
      printResult(result, `${String(bundle['text/plain'])}\nresult folder: ${result.folder}`, json);
    });
}

async function printRun(result: Run, json: boolean | undefined): Promise<void> {
  const bundle = await result[displaySymbol]();
  printResult(result, `${String(bundle['text/plain'])}\nresult folder: ${result.folder}`, json);
}
