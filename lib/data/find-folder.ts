import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';

/** Finds the folder of a dataset: `root`, else `DPBENCH_DATA`; throws with every place that was tried. */
export function findFolder(dataset: string, root: string | undefined, file: string): string {
  const given = root ?? process.env['DPBENCH_DATA'];
  const tried = given ? [join(given, dataset), given] : [];
  const found = tried.find((folder) => existsSync(join(folder, file)) || existsSync(join(folder, `${file}.gz`)));
  if (found) return found;
  throw new DataError({
    asked: dataset,
    wrong: tried.length === 0 ? 'no folder of data is set' : `${file} is in none of ${tried.join(', ')}`,
    expected: `the original files in ROOT/${dataset}`,
    next: "Set DPBENCH_DATA=ROOT or pass { root }; 'mnist-10k' needs no files.",
  });
}
