import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../core/diagnostic.js';
import type { Images } from '../core/images.js';
import type { Dataset, PublicDataset } from '../data/contract.js';
import { datasets } from '../data/datasets.js';
import { numpyImages } from '../data/image-arrays.js';
import { readNpz } from '../data/npz.js';
import { inShape } from '../data/shape-of-images.js';
import type { FeatureStore } from '../metrics/features/feature-store.js';
import { frechetToSensitive } from '../metrics/fid.js';
import { featureMoments, frechetDistance, type FeatureMoments } from '../metrics/frechet.js';
import type { CurveAgainst } from './curve-options.js';
import { npz } from './npz.js';
import { writeWhole } from './unfinished/whole-file.js';

/** What samples are compared with while a method trains. */
export interface CurveReference {
  /** In words: `kmnist (public)`. */
  readonly against: string;
  readonly isPrivate: boolean;
  /** FID of samples; none when there is nothing to compare with yet. */
  distance(samples: Images): Promise<number | Diagnostic<number> | undefined>;
  /** Called when a look is over and its point is on disk. */
  keep?(samples: Images): void;
}

/** The reference that was asked for; nothing is computed before the first look. */
export function curveReference(
  against: Exclude<CurveAgainst, 'none'>,
  work: {
    readonly dataset: Dataset;
    readonly publicDataset: PublicDataset | undefined;
    readonly root: string | undefined;
    readonly store: FeatureStore;
    /** Where a run keeps what it needs to go on. */
    readonly folder: string;
  },
): CurveReference {
  const { dataset, publicDataset, root, store, folder } = work;
  if (against === 'samples') return lastSamples(store, folder);
  if (against === 'sensitive')
    return {
      against: `${dataset.train.facts.name}, without noise`,
      isPrivate: true,
      distance: (samples) => frechetToSensitive(samples, dataset.train, store),
    };
  const loaded = async () =>
    publicDataset?.name === against
      ? publicDataset.images
      : inShape((await datasets.loadPublic(against, { root })).images, dataset.shape);
  let reference: Promise<FeatureMoments> | undefined;
  return {
    against: `${against} (public)`,
    isPrivate: false,
    async distance(samples) {
      reference ??= loaded().then((images) => momentsOf(images, store, 'public'));
      return frechetDistance(await momentsOf(samples, store, 'synthetic'), await reference);
    },
  };
}

/** The samples of the look before: how much the model still changes. They are kept in a file, so that a stopped run goes on. */
function lastSamples(store: FeatureStore, folder: string): CurveReference {
  const file = join(folder, 'curve-samples.npz');
  return {
    against: 'the samples of the look before',
    isPrivate: false,
    async distance(samples) {
      const before = existsSync(file) ? numpyImages(file, await readNpz(file, 'x')) : undefined;
      if (!before) return undefined;
      return frechetDistance(await momentsOf(samples, store, 'synthetic'), await momentsOf(before, store, 'earlier'));
    },
    keep({ data, count, height, width, channels }) {
      writeWhole(file, npz({ x: { data, shape: [count, height, width, channels] } }));
    },
  };
}

const momentsOf = async (images: Images, store: FeatureStore, whose: string) =>
  featureMoments(await store.synthetic(images), whose);
