import { createHash } from 'node:crypto';
import type { PublicDataset } from '../../data/contract.js';
import type { Pretraining } from '../../methods/contract.js';

/** To be raised when training gives other weights for the same settings: older files are then left alone. */
const version = 1;

/** What a pre-trained model is, in plain words: results and files say it. */
export interface PretrainedFacts {
  /** `denoiser`. */
  readonly of: string;
  /** Name of the public dataset, and how many images of it. */
  readonly dataset: string;
  readonly images: number;
  /** SHA-256 over the images and labels. */
  readonly checksum: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Trained values in all. */
  readonly values: number;
}

export function pretrainedFacts({ of, dataset, settings, parameters }: Pretraining): PretrainedFacts {
  const values = Object.values(parameters).reduce((sum, { size }) => sum + size, 0);
  const { name, images } = dataset;
  return { of, dataset: name, images: images.count, checksum: checksumOf(dataset), settings, values };
}

/**
 * Sixteen hex digits that differ for models that differ in data, architecture or settings. The data count by their bytes, not by
 * their name.
 */
export function pretrainedKey({ parameters, settings, of }: Pretraining, { checksum }: PretrainedFacts): string {
  const shapes = Object.entries(parameters).map(([name, { shape }]) => [name, shape]);
  const whole = JSON.stringify([version, of, checksum, sorted(settings), shapes]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 16);
}

function checksumOf({ images, classes }: PublicDataset): string {
  const { data, labels, height, width, channels } = images;
  const shape = JSON.stringify([height, width, channels, classes.length]);
  return createHash('sha256').update(shape).update(data).update(labels).digest('hex');
}

/** The same value with the names of objects in alphabetical order, so that their order means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, each]) => [name, sorted(each)]);
}
