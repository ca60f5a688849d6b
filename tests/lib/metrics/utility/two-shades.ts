import type { LabeledImages } from '../../../../lib/core/images.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { Dataset } from '../../../../lib/data/contract.js';
import { Sensitive } from '../../../../lib/mechanisms/index.js';
import { smallCnn } from '../../../../lib/nn/classifiers/small-cnn.js';

export const shape = { height: 8, width: 8, channels: 1 };
export const classes = ['dark', 'bright'];

/** Images of 8 x 8 whose class is their brightness; a share of the labels is wrong. */
export function twoShades(count: number, seed: number, wrong = 0): LabeledImages {
  const stream = new SeededStream(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const data = Uint8Array.from({ length: count * 64 }, (_, at) => {
    const base = labels[Math.floor(at / 64)] === 1 ? 130 : 90;
    return base + stream.integer(30);
  });
  return { data, labels: labels.map((label) => (stream.uniform() < wrong ? 1 - label : label)), count, ...shape };
}

/** A dataset from rows, sealed as they are: rows that watch who reads them go on watching. */
export function datasetOf(parts: {
  readonly train?: LabeledImages;
  readonly test: LabeledImages;
  readonly validation?: LabeledImages;
}): Dataset {
  const sealed = (rows: LabeledImages, name: string) =>
    Sensitive.seal(rows, { name: `two shades, ${name}`, size: rows.count, classes, shape });
  const { train = twoShades(40, 1), test, validation } = parts;
  return {
    ...{
      name: 'two-shades',
      classes,
      shape,
      train: sealed(train, 'training images'),
      test: sealed(test, 'test images'),
    },
    ...(validation && { validation: sealed(validation, 'held-out training images') }),
  };
}

/** Two small classifiers that train in a moment. */
export const classifiers = ['first', 'second'].map((id) => ({
  id,
  network: smallCnn({ shape, classes: 2 }),
  recipe: {
    optimizer: 'adam',
    schedule: { rate: 2e-3, factor: 0.2, every: 20 },
    epochs: 4,
    batchSize: 20,
  } as const,
}));
