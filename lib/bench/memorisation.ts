import { check, checkKeys } from '../core/check.js';
import type { Diagnostic } from '../core/diagnostic.js';
import { takeImages, type LabeledImages } from '../core/images.js';
import { progressGroup } from '../core/progress.js';
import { SeededStream } from '../core/rng.js';
import { datasets } from '../data/datasets.js';
import { measureBoth } from '../mechanisms/index.js';
import { nearestImages, type NearestImages } from '../metrics/nearest-images.js';
import { NearestNeighbours, type NeighbourFindings } from '../display/nearest-neighbours.js';
import { evaluatedImages } from './evaluated-images.js';
import type { EvaluateOptions } from './evaluate.js';

export interface MemorisationOptions extends Pick<
  EvaluateOptions,
  'images' | 'labels' | 'dataset' | 'seed' | 'root' | 'signal'
> {
  /** Synthetic images to show: those that lie much closer to one training image than to the next ones. Default 8. */
  readonly count?: number;
  /** Training images beside each. Default 5. */
  readonly neighbours?: number;
  /** Synthetic images and test images that are looked at, drawn by `seed`. Default 1000. */
  readonly most?: number;
}

/**
 * Do synthetic images repeat training images? Shows the synthetic images that look most like copies beside their nearest training
 * images, and how their distances compare with those of real test images, which no generator has seen: a generator that
 * remembers lies closer than they do. Distances are by pixels.
 *
 * What it shows are private rows: a diagnostic, for the owner of the data.
 *
 * @example await dp.memorisation({ images: run.images, dataset: 'mnist' })
 */
export async function memorisation(options: MemorisationOptions): Promise<NearestNeighbours> {
  const asked = 'dp.memorisation';
  checkKeys(asked, options, ['images', 'labels', 'dataset', 'seed', 'root', 'signal', 'count', 'neighbours', 'most']);
  const { seed = 0, root, signal, count = 8, neighbours = 5, most = 1000 } = options;
  check('count', asked, { count, neighbours, most });
  check('countOrZero', asked, { seed });
  const { shape, classes } = datasets.describe(options.dataset);
  const { images } = await evaluatedImages(asked, options, { shape, classes });
  const { train, test, name } = await datasets.load(options.dataset, { root });
  const stream = new SeededStream(seed).fork('memorisation');
  const drawn = sample(images, most, stream.fork('synthetic'));
  return progressGroup(`nearest training images of ${name}`, async () => {
    const of = `nearest training images, ${name}`;
    const found: Diagnostic<NeighbourFindings> = await measureBoth(train, test, of, async (rows, unseen) => {
      const made = await nearestImages(drawn, rows, neighbours, signal);
      const real = await nearestImages(sample(unseen, most, stream.fork('test')), rows, 1, signal);
      const nearest = Float32Array.from({ length: drawn.count }, (_, i) => made.distances[i * neighbours]!);
      const suspicion = suspicions(made);
      const order = [...nearest.keys()].sort((a, b) => suspicion[a]! - suspicion[b]!).slice(0, count);
      const pictures = order.map((row) => ({
        synthetic: takeImages(drawn, [row]),
        training: takeImages(rows, made.places.subarray(row * neighbours, (row + 1) * neighbours)),
        distances: [...made.distances.subarray(row * neighbours, (row + 1) * neighbours)],
      }));
      return { pictures, synthetic: nearest, test: real.distances, trainingRecords: rows.count };
    });
    return new NearestNeighbours(found, name);
  });
}

/**
 * How near the nearest image is, in units of how near the last listed one is: a copy has 0, whatever the image. Sorted by plain
 * distance the simplest images would come first: all thin strokes lie close to each other. Of one neighbour, the plain distance.
 */
function suspicions({ distances, neighbours }: NearestImages): Float32Array {
  return Float32Array.from({ length: distances.length / neighbours }, (_, i) => {
    const nearest = distances[i * neighbours]!;
    const last = distances[(i + 1) * neighbours - 1]!;
    return neighbours === 1 || last === 0 ? nearest : nearest / last;
  });
}

function sample(images: LabeledImages, most: number, stream: SeededStream): LabeledImages {
  if (images.count <= most) return images;
  return takeImages(images, stream.permutation(images.count).subarray(0, most));
}
