import { ProgressTask } from '../core/progress.js';
import { SeededStream } from '../core/rng.js';
import { derive } from '../mechanisms/index.js';
import { replay, tf, type Tensor, type Tensor2D } from '../tensor/index.js';
import { intervalLevel, openSpread, quantile, type SpreadScore } from './bootstrap.js';
import { checkFeatures } from './check-features.js';
import type { Metric } from './contract.js';
import type { FeatureRows } from './features/feature-store.js';
import { takeRows } from './take-rows.js';

/** As torch-fidelity's defaults. */
const subsets = 100;
const subsetSize = 1000;
/** Real rows that a single estimate uses at most: their kernel has the square of that many values. */
const wholeCap = 5000;

/**
 * Kernel distance of image features: the unbiased estimate of the squared maximum mean discrepancy under the kernel (x·y/d + 1)³.
 * It has no bias from few images, unlike FID, and may fall a little below 0. The mean over 100 subsets of 1,000 images, as
 * torch-fidelity and clean-fid report it; one estimate from all synthetic images where there are fewer than 1,000.
 *
 * @example const { kid } = await dp.evaluate({ images: run.images, dataset: 'mnist-10k', metrics: ['kid'] });
 */
export const kid: Metric<'kid'> = {
  id: 'kid',
  title: 'Kernel distance of image features (KID)',
  unit: '',
  better: 'lower',
  leastSamples: 3,
  source: 'Bińkowski et al. 2018, arXiv 1801.01401; subsets as in torch-fidelity',
  async evaluate({ synthetic, dataset, features, seed, signal }) {
    const stream = new SeededStream(seed).fork('kid');
    const made = await features.synthetic(synthetic);
    const sealed = await features.sensitive(dataset.train);
    const inSubsets = Math.min(made.rows, dataset.train.size) >= subsetSize;
    const score = await derive(sealed, (real) =>
      inSubsets ? subsetDistance(made, real, stream, signal) : wholeDistance(made, real, stream),
    );
    const over = inSubsets ? `${subsets} subsets of ${subsetSize} images` : 'jackknife over the synthetic images';
    const { id, title, unit, better } = kid;
    return {
      metric: id,
      title,
      unit,
      better,
      ...(await openSpread(score, `KID against ${dataset.train.facts.name}`, over)),
      ...(await features.facts()),
      samples: made.rows,
      notes: [
        inSubsets
          ? `mean over ${subsets} subsets of ${subsetSize}; the interval is that of one subset, wider than the mean's`
          : `one estimate: fewer than ${subsetSize} images (at most ${wholeCap} real ones)`,
        'not multiplied by 1,000, as some papers print it',
      ],
    };
  },
};

/** Mean, and percentiles of the subsets. Rows of a subset differ. */
export async function subsetDistance(
  made: FeatureRows,
  real: FeatureRows,
  stream: SeededStream,
  signal?: AbortSignal,
): Promise<SpreadScore> {
  checkBoth(made, real);
  const size = Math.min(subsetSize, made.rows, real.rows);
  const draw = () => [made, real].map((rows) => takeRows(rows, stream.permutation(rows.rows).subarray(0, size)));
  const values: number[] = [];
  const task = new ProgressTask('kernel distance', subsets, signal);
  const estimate = replay(kernelDistance, { precision: 'float64' });
  try {
    for (let subset = 1; subset <= subsets; subset++) {
      await task.pause();
      const [value] = await run(estimate, draw());
      values.push(value![0]!);
      task.report({ step: subset });
    }
  } finally {
    estimate.dispose();
  }
  task.done();
  const sorted = Float64Array.from(values).sort();
  const tail = (1 - intervalLevel) / 2;
  const value = values.reduce((sum, value) => sum + value, 0) / subsets;
  return { value, lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail) };
}

/** One estimate from all synthetic rows, with the interval of the jackknife: each row left out once. */
export async function wholeDistance(made: FeatureRows, real: FeatureRows, stream: SeededStream): Promise<SpreadScore> {
  checkBoth(made, real);
  const estimate = replay(kernelSums, { precision: 'float64' });
  try {
    const [value, leftOut] = await run(estimate, [made, takeRows(real, wholeCap, stream)]);
    const mean = leftOut!.reduce((sum, one) => sum + one, 0) / made.rows;
    const squares = leftOut!.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    const error = Math.sqrt(((made.rows - 1) / made.rows) * squares);
    return { value: value![0]!, lower: value![0]! - 1.96 * error, upper: value![0]! + 1.96 * error };
  } finally {
    estimate.dispose();
  }
}

function checkBoth(made: FeatureRows, real: FeatureRows): void {
  checkFeatures('KID', 'synthetic', made, 3);
  checkFeatures('KID', 'training', real, 2);
}

async function run(estimate: ReturnType<typeof replay>, sets: readonly FeatureRows[]) {
  const tensors = sets.map(({ features, rows, size }) => tf.tensor2d(features, [rows, size]));
  const results = estimate.run(tensors);
  tf.dispose(tensors);
  const values = await Promise.all(results.map((result) => result.data<'float32'>()));
  tf.dispose(results);
  return values;
}

/** Sums over rows of the kernel, without each row's kernel with itself where both sets are one. */
function rowSums(x: Tensor2D, y: Tensor2D, itself: boolean): Tensor {
  const size = x.shape[1];
  const cubes = (products: Tensor) => {
    const value = products.div(size).add(1);
    return value.square().mul(value);
  };
  const sums = cubes(tf.matMul(x, y, false, true)).sum(1);
  return itself ? sums.sub(cubes(x.square().sum(1))) : sums; // [rows of x]
}

function kernelDistance(x: Tensor, y: Tensor): Tensor[] {
  return kernelSums(x, y).slice(0, 1);
}

/** The estimate from all rows, and those with each row of x left out. Bińkowski et al., eq. 4. */
function kernelSums(x: Tensor, y: Tensor): Tensor[] {
  const [own, other, cross] = [
    rowSums(x as Tensor2D, x as Tensor2D, true),
    rowSums(y as Tensor2D, y as Tensor2D, true),
    rowSums(x as Tensor2D, y as Tensor2D, false),
  ];
  const [m, n] = [x.shape[0]!, y.shape[0]!];
  // Whole numbers that float32 holds: constants of the graph are such, and m (m - 1) may be none.
  const ofReal = other
    .sum()
    .div(n)
    .div(n - 1);
  const value = (own: Tensor, cross: Tensor, m: number) =>
    own
      .div(m)
      .div(m - 1)
      .add(ofReal)
      .sub(cross.mul(2).div(m).div(n));
  const leftOut = value(own.sum().sub(own.mul(2)), cross.sum().sub(cross), m - 1);
  return [value(own.sum(), cross.sum(), m), leftOut];
}
