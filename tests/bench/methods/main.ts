import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { revealForDisplay } from '../../../lib/core/diagnostic.js';
import { onProgress } from '../../../lib/core/progress.js';
import type { RunSummary } from '../../../lib/core/results.js';
import { sweep } from '../../../lib/bench/sweep.js';
import { laptopResults, type LaptopResult } from '../../../lib/methods/laptop-results.js';
import { methods } from '../../../lib/methods/methods.js';
import { setupEngine } from '../../../lib/tensor/index.js';

/**
 * `npm run bench -- methods [--methods a,b] [--dataset mnist] [--epsilons 10,1] [--seeds 0,1,2] [--out results/methods] [--keep]`:
 * accuracy, FID and seconds of methods at laptop scale, as a table. Those that need public images get `--public kmnist`. Runs
 * that are in `--out` already are not repeated. `--keep` writes the means to lib/methods/laptop-results.ts, from which the
 * README's table is made.
 */
const flags = process.argv.slice(2);
const flag = (name: string, otherwise: string) => {
  const at = flags.indexOf(`--${name}`);
  return at < 0 ? otherwise : (flags[at + 1] ?? otherwise);
};
const list = (text: string) => text.split(',');
const dataset = flag('dataset', 'mnist');
const epsilons = list(flag('epsilons', '10,1')).map(Number);
const seeds = list(flag('seeds', '0,1,2')).map(Number);
const names = list(flag('methods', methods.names().join()));

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) => {
  const about = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - about) ** 2, 0) / Math.max(1, values.length - 1));
};
const score = (metric: string) => (run: RunSummary) => revealForDisplay(run.metrics[metric]!.value);

await setupEngine();
let told = 0;
onProgress(({ task, step, steps }) => {
  if (performance.now() - told < 60_000) return;
  told = performance.now();
  process.stderr.write(`${task}: ${step} of ${steps}\n`);
});
const kept: Record<string, readonly LaptopResult[]> = { ...laptopResults };
process.stdout.write('| method | epsilon | accuracy | FID | seconds |\n| - | - | - | - | - |\n');
for (const method of names) {
  const isPublic = methods.get(method).publicData === 'required';
  for (const epsilon of epsilons) {
    const { runs } = await sweep({
      ...{ methods: [method], datasets: [dataset], epsilons: [epsilon], seeds, scale: 'laptop', curve: 'none' },
      ...{ metrics: ['accuracy', 'fid'], out: `${flag('out', 'results/methods')}/${method}-${epsilon}` },
      ...(isPublic && { publicDataset: flag('public', 'kmnist') }),
    });
    const [accuracies, fids] = [runs.map(score('accuracy')), runs.map(score('fid'))];
    const seconds = mean(runs.map(({ seconds }) => seconds));
    const spread = (values: readonly number[]) => `${mean(values).toFixed(2)} ± ${deviation(values).toFixed(2)}`;
    process.stdout.write(
      `| ${method} | ${epsilon} | ${spread(accuracies)} | ${spread(fids)} | ${seconds.toFixed(0)} |\n`,
    );
    const result = { dataset, epsilon, seeds: seeds.length, accuracy: mean(accuracies), fid: mean(fids), seconds };
    const rounded = Object.fromEntries(
      Object.entries(result).map(([name, value]) => [
        name,
        typeof value === 'number' ? Number(value.toPrecision(4)) : value,
      ]),
    ) as unknown as LaptopResult;
    const others = (kept[method] ?? []).filter((one) => one.dataset !== dataset || one.epsilon !== epsilon);
    kept[method] = [...others, rounded];
  }
}
if (flags.includes('--keep')) keep();

/** Writes the results into the library's file, whose types stay. */
function keep(): void {
  // The compiled program lies in dist/tests/bench/methods.
  const file = fileURLToPath(new URL('../../../../lib/methods/laptop-results.ts', import.meta.url));
  const types = readFileSync(file, 'utf8').split(/(?<=readonly LaptopResult\[\]>> = )/)[0]!;
  writeFileSync(file, `${types}${JSON.stringify(kept, null, 2)};\n`);
  process.stderr.write(`written to ${file}: run prettier on it, then npm run readme\n`);
}
