import { beforeAll, describe, expect, it } from 'vitest';
import { revealForDisplay } from '../../../lib/core/diagnostic.js';
import { takeImages, type LabeledImages } from '../../../lib/core/images.js';
import { SeededStream } from '../../../lib/core/rng.js';
import type { Dataset } from '../../../lib/data/contract.js';
import { datasets } from '../../../lib/data/datasets.js';
import { measure, Sensitive, type SensitiveImages } from '../../../lib/mechanisms/index.js';
import { digitCnn } from '../../../lib/metrics/features/digit-cnn.js';
import { FeatureStore } from '../../../lib/metrics/features/feature-store.js';
import { metrics } from '../../../lib/metrics/metrics.js';
import { setupEngine } from '../../../lib/tensor/index.js';

const ids = ['fid', 'kid', 'inception-score', 'precision', 'recall', 'fld'] as const;
type Score = (typeof ids)[number] | 'fld test' | 'fld gap';
type Direction = 'up' | 'down' | 'as before';

const scored = 1000;
const sizes = { train: 2000, test: 2000 };

/** What happens to 1,000 real test images, and where each score goes from theirs, by the papers of the metrics. */
const table: readonly {
  readonly change: string;
  readonly images: (sets: Sets) => LabeledImages;
  readonly directions: Partial<Record<Score, Direction>>;
}[] = [
  {
    change: 'uniform noise',
    images: ({ real }) => noise(real),
    directions: { fid: 'up', kid: 'up', 'inception-score': 'down', precision: 'down', recall: 'down', fld: 'up', 'fld test': 'up' }, // prettier-ignore
  },
  {
    change: 'blur',
    images: ({ real }) => blurred(real),
    directions: { fid: 'up', kid: 'up', 'inception-score': 'down', precision: 'down', fld: 'up', 'fld test': 'up' },
  },
  {
    change: 'five of ten classes dropped',
    images: ({ more }) => takeImages(more, placesOf(more, (label) => label < 5).slice(0, scored)),
    directions: { fid: 'up', kid: 'up', 'inception-score': 'down', precision: 'as before', recall: 'down', fld: 'up', 'fld test': 'up' }, // prettier-ignore
  },
  {
    change: 'a hundred images, ten times each',
    images: ({ real }) =>
      takeImages(
        real,
        Int32Array.from({ length: scored }, (_, i) => i % 100),
      ),
    directions: { fid: 'up', kid: 'up', precision: 'as before', recall: 'down', fld: 'up', 'fld test': 'up' },
  },
  {
    change: 'all training images copied',
    images: ({ train }) => train,
    directions: { precision: 'up', recall: 'up', fld: 'down', 'fld test': 'up', 'fld gap': 'down' },
  },
  {
    // Gaussians that shrink onto their copies leave the other training images with no likelihood.
    change: 'half of the training images copied, and nothing else',
    images: ({ train }) =>
      takeImages(
        train,
        Int32Array.from({ length: scored }, (_, i) => i),
      ),
    directions: { precision: 'up', fld: 'up', 'fld test': 'up', 'fld gap': 'down' },
  },
  {
    change: 'every second image a copy of a training image',
    images: ({ train, real }) => everySecond(real, train),
    directions: { fld: 'down', 'fld gap': 'down' },
  },
];

interface Sets {
  readonly train: LabeledImages;
  /** Test images that are given as synthetic. */
  readonly real: LabeledImages;
  /** Other real images. */
  readonly more: LabeledImages;
}

const placesOf = ({ labels }: LabeledImages, keep: (label: number) => boolean) =>
  [...labels.keys()].filter((i) => keep(labels[i]!));

function noise(like: LabeledImages): LabeledImages {
  const stream = new SeededStream(4);
  return { ...like, data: like.data.map(() => stream.integer(256)) };
}

function everySecond(images: LabeledImages, others: LabeledImages): LabeledImages {
  const size = images.height * images.width;
  const data = images.data.map((value, i) => (Math.floor(i / size) % 2 === 0 ? others.data[i]! : value));
  return { ...images, data };
}

/** The mean of 5 x 5 pixels. */
function blurred(images: LabeledImages): LabeledImages {
  const { width, height, count } = images;
  const data = new Uint8Array(images.data.length);
  for (let image = 0; image < count; image++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let v = Math.max(0, y - 2); v <= Math.min(height - 1, y + 2); v++)
          for (let u = Math.max(0, x - 2); u <= Math.min(width - 1, x + 2); u++)
            sum += images.data[(image * height + v) * width + u]!;
        data[(image * height + y) * width + x] = sum / 25;
      }
  return { ...images, data };
}

/** Some rows of a sealed set, in the order of a seed. */
async function plain(sealed: SensitiveImages, from: number, count: number): Promise<LabeledImages> {
  const order = new SeededStream('directions').permutation(sealed.size).subarray(from, from + count);
  return revealForDisplay(await measure(sealed, 'rows', (rows: LabeledImages) => takeImages(rows, order)));
}

const sealed = (rows: LabeledImages, name: string) =>
  Sensitive.seal(rows, {
    name,
    size: rows.count,
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    shape: { height: 28, width: 28, channels: 1 },
  });

const available = process.env['DPBENCH_DATA'] !== undefined;
const name = available
  ? 'metrics on real MNIST'
  : 'metrics on real MNIST (skipped: DPBENCH_DATA names no folder with mnist/)';

describe.skipIf(!available)(name, () => {
  let sets: Sets;
  let dataset: Dataset;
  let before: Record<Score, number>;

  async function scores(images: LabeledImages): Promise<Record<Score, number>> {
    const features = new FeatureStore(digitCnn);
    const found: Partial<Record<Score, number>> = {};
    for (const id of ids) {
      const result = await metrics.get(id).evaluate({ synthetic: images, dataset, scale: 'laptop', seed: 0, features });
      found[id] = revealForDisplay(result.value);
      if (id !== 'fld') continue;
      found['fld test'] = revealForDisplay(result.parts![1]!.value);
      found['fld gap'] = revealForDisplay(result.parts![2]!.value);
    }
    return found as Record<Score, number>;
  }

  beforeAll(async () => {
    await setupEngine();
    const mnist = await datasets.load('mnist');
    const [train, real] = [await plain(mnist.train, 0, sizes.train), await plain(mnist.test, 0, scored)];
    const test = await plain(mnist.test, scored, sizes.test);
    sets = { train, real, more: await plain(mnist.train, sizes.train, 3 * scored) };
    dataset = { ...mnist, train: sealed(train, 'some training images'), test: sealed(test, 'some test images') };
    before = await scores(real);
  });

  it('real test images score nearly as if they were training images', async () => {
    const worst = await scores(noise(sets.real));
    expect(before.fid).toBeLessThan(0.01 * worst.fid);
    expect(Math.abs(before.kid)).toBeLessThan(0.01 * worst.kid);
    expect(before['inception-score']).toBeGreaterThan(7); // of 10
    expect(before.precision).toBeGreaterThan(0.85);
    expect(before.recall).toBeGreaterThan(0.85);
    for (const score of ['fld', 'fld test', 'fld gap'] as const) expect(Math.abs(before[score])).toBeLessThan(5);
    expect(worst['inception-score']).toBeLessThan(1.5);
    expect([worst.precision, worst.recall]).toEqual([0, 0]);
    expect(worst.fld).toBeGreaterThan(100);
  });

  it.each(table)('$change: each score goes where its paper says', async ({ images, directions }) => {
    const after = await scores(images(sets));
    const went = Object.fromEntries(
      Object.keys(directions).map((score) => [score, direction(before[score as Score], after[score as Score])]),
    );
    expect(went).toEqual(directions);
  });
});

/** Less than a twentieth is no change. */
function direction(from: number, to: number): Direction {
  if (Math.abs(to - from) <= 0.05 * Math.max(1, Math.abs(from))) return 'as before';
  return to > from ? 'up' : 'down';
}
