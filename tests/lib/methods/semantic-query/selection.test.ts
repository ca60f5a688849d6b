import { describe, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { PublicDataset } from '../../../../lib/data/contract.js';
import { privImage } from '../../../../lib/methods/privimage.js';
import {
  checkCategories,
  chosenImages,
  selectCategories,
  someOfEach,
} from '../../../../lib/methods/semantic-query/selection.js';

describe('the selection', () => {
  const counts = [...[5, 4, 1, 0], ...[9, 8, 2, 3]];
  const options = { classes: 2, each: 2 };

  it('in class order lets the first class choose first', () => {
    expect(selectCategories(counts, { ...options, selection: 'in-class-order' })).toEqual([
      [0, 1],
      [3, 2],
    ]);
  });

  it('by count gives a category to the class that wants it most', () => {
    expect(selectCategories(counts, { ...options, selection: 'by-count' })).toEqual([
      [2, 3],
      [0, 1],
    ]);
  });

  it.each(['in-class-order', 'by-count'] as const)(
    '%s always fills all classes with categories of their own',
    (selection) => {
      const stream = new SeededStream(selection);
      for (let trial = 0; trial < 200; trial++) {
        const [classes, each] = [1 + stream.integer(5), 1 + stream.integer(3)];
        const categories = classes * each + stream.integer(3);
        // Noisy counts are negative too, and often equal.
        const noisy = Int32Array.from({ length: classes * categories }, () => stream.integer(7) - 3);
        const chosen = selectCategories(noisy, { classes, each, selection });
        expect(chosen.map(({ length }) => length)).toEqual(chosen.map(() => each));
        expect(new Set(chosen.flat()).size).toBe(classes * each);
        // Nobody could have a larger count of a category that is left.
        const left = Array.from({ length: categories }, (_, i) => i).filter((i) => !chosen.flat().includes(i));
        chosen.forEach((own, label) => {
          const smallest = Math.min(...own.map((category) => noisy[label * categories + category]!));
          for (const category of left) expect(noisy[label * categories + category]).toBeLessThanOrEqual(smallest);
        });
      }
    },
  );
});

const labels = Uint8Array.of(0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0);
const publicDataset: PublicDataset = {
  name: 'shades',
  classes: ['a', 'b', 'c', 'd', 'e'],
  images: { data: labels.map((label) => 10 * label), labels, count: labels.length, height: 1, width: 1, channels: 1 },
};
const facts = { classes: ['no', 'yes'] };

it('gives the chosen images the class that their category was chosen for, and leaves out all others', () => {
  const { name, images, classes } = chosenImages(publicDataset, [[3, 0], [1]], facts);
  expect(name).toBe('chosen images of shades');
  expect(classes).toEqual(['no', 'yes']);
  expect([...images.data]).toEqual([0, 10, 30, 0, 10, 30, 0]);
  expect([...images.labels]).toEqual([0, 1, 0, 0, 1, 0, 0]);
});

it('shows some of each class, class after class', () => {
  const chosen = chosenImages(publicDataset, [[3, 0], [1]], facts);
  const shown = someOfEach(chosen, 3, new SeededStream(1));
  expect([...shown.labels]).toEqual([0, 0, 0, 1, 1]);
  expect([...shown.data].every((value, i) => (shown.labels[i] === 1 ? value === 10 : value % 30 === 0))).toBe(true);
});

describe('a public dataset that cannot do', () => {
  const check = (given: object) => () =>
    checkCategories(
      publicDataset,
      parameterValues('privimage', privImage.params, 'smoke', {
        publicBatchSize: 4,
        classifierBatchSize: 11,
        ...given,
      }),
      facts,
    );

  it('is refused with what it lacks', () => {
    expect(check({})).not.toThrow();
    expect(check({ categoriesEach: 3 })).toThrow(
      'choosing categories of shades: there are too few: each of the 2 private classes takes 3 of its own; got 5, ' +
        'expected at least 6. Choose a public dataset with more categories, or a smaller categoriesEach.',
    );
    expect(check({ publicBatchSize: 5 })).toThrow(
      'the smallest 2 of them have fewer images together than a batch; got 4, expected publicBatchSize of at most 4, not 5',
    );
    expect(check({ classifierBatchSize: 12 })).toThrow(
      'fewer images than a batch of the classifier; got 11, expected classifierBatchSize of at most 11, not 12',
    );
  });
});
