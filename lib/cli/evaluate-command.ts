import type { Command } from 'commander';
import type { EvaluateOptions } from '../bench/evaluate.js';
import { displaySymbol } from '../core/mime.js';
import { computedInChild } from './compute-process.js';
import { names, number } from './parse.js';
import { printResult } from './output.js';
import { withProgress } from './with-progress.js';

interface Flags extends Omit<EvaluateOptions, 'images' | 'labels'> {
  readonly npz?: string;
  readonly images?: string;
  readonly json?: boolean;
  readonly memorisation?: boolean;
}

/** `dpbench evaluate`: scores images that anybody made. */
export function addEvaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .description('score synthetic images, whoever made them, against a dataset')
    .option('--npz <file>', 'archive with x [count, channels, height, width] in [0, 1] and y [count]')
    .option('--images <folder>', 'folder of PNG or JPEG files with a subfolder for each class, or a result folder')
    .requiredOption('--dataset <name>', 'dataset: see `dpbench list`')
    .option('--name <name>', 'what tables call the images')
    .option('--metrics <names>', 'metrics, separated by commas (default: all that can be computed)', names)
    .option('--features <name>', 'feature extractor (default: the first that is made for such images)')
    .option('--scale <scale>', 'smoke, laptop or paper (default: laptop)')
    .option('--seed <seed>', 'seed of classifiers and subsets', number)
    .option(
      '--selection <way>',
      'how classifiers are selected: synthetic, noisy, reference or final (default: synthetic)',
    )
    .option('--selection-epsilon <epsilon>', "budget of the selection 'noisy'", number)
    .option('--held-out <count>', 'training records to select on, held out', number)
    .option('--delta <delta>', "of the ledger of the selection 'noisy'", number)
    .option('--root <folder>', "folder that holds the dataset's folder (default: DPBENCH_DATA)")
    .option('--memorisation', 'show how close synthetic images lie to training images, too')
    .option('--json', 'print JSON')
    .action(async ({ npz, images, json, memorisation: wanted, ...options }: Flags) => {
      const source = npz ?? images;
      if (source === undefined || (npz && images)) program.error("error: one of '--npz' and '--images' is needed");
      if (await computedInChild()) return;
      const { evaluate } = await import('../bench/evaluate.js');
      const { memorisation } = await import('../bench/memorisation.js');
      const { dataset, root, seed } = options;
      await withProgress(async (signal) => {
        const result = await evaluate({ ...options, images: source, signal });
        const near = wanted && (await memorisation({ images: result.images, dataset, root, seed, signal }));
        const bundle = await result[displaySymbol]();
        const text = [String(bundle['text/plain']), ...(near ? [near.toString()] : [])].join('\n');
        printResult(near ? { ...result.toJSON(), memorisation: near } : result, text, json);
      });
    });
}
