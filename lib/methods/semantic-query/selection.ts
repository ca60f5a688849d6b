import { OptionError } from '../../core/errors.js';
import { takeImages } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import type { PublicDataset } from '../../data/contract.js';
import type { PublicFacts } from '../../mechanisms/index.js';
import type { DatasetOutline } from '../contract.js';
import type { SemanticParameters } from './parameters.js';

/**
 * `each` categories for each class by their noisy counts; no category is of two classes. In class order each class takes its largest
 * counts among those that are left; by count the largest count of all is taken first, whosever it is. Of equal counts the first
 * one is taken.
 *
 * @param counts `[classes, categories]`, flat.
 * @returns categories of each class, largest count first.
 */
export function selectCategories(
  counts: ArrayLike<number>,
  {
    classes,
    each,
    selection,
  }: { readonly classes: number; readonly each: number } & Pick<SemanticParameters, 'selection'>,
): number[][] {
  const categories = counts.length / classes;
  const places = Array.from(counts, (_, place) => place);
  const ofClass = (place: number) => Math.floor(place / categories);
  const first = selection === 'in-class-order' ? (a: number, b: number) => ofClass(a) - ofClass(b) : () => 0;
  places.sort((a, b) => first(a, b) || counts[b]! - counts[a]! || a - b);
  const chosen = Array.from({ length: classes }, (): number[] => []);
  const taken = new Set<number>();
  for (const place of places) {
    const [own, category] = [chosen[ofClass(place)]!, place % categories];
    if (own.length === each || taken.has(category)) continue;
    own.push(category);
    taken.add(category);
  }
  return chosen;
}

/** The public images of the chosen categories, each with the private class that its category was chosen for. */
export function chosenImages(
  { name, images }: PublicDataset,
  chosen: readonly (readonly number[])[],
  { classes }: Pick<PublicFacts, 'classes'>,
): PublicDataset {
  const classOf = new Map(chosen.flatMap((categories, label) => categories.map((category) => [category, label])));
  const rows = Array.from(images.labels.keys()).filter((row) => classOf.has(images.labels[row]!));
  const labels = Uint8Array.from(rows, (row) => classOf.get(images.labels[row]!)!);
  return { name: `chosen images of ${name}`, classes, images: { ...takeImages(images, rows), labels } };
}

/** Some of the images of each class by chance, class after class: to look at. */
export function someOfEach({ images, classes }: PublicDataset, each: number, stream: SeededStream) {
  const order = [...stream.permutation(images.count)];
  const rows = classes.flatMap((_, label) => order.filter((row) => images.labels[row] === label).slice(0, each));
  return takeImages(images, rows);
}

/**
 * Refuses a public dataset of which no selection could be trained on, before anything is trained or paid for.
 *
 * @throws OptionError for too few categories, or too few images in the smallest of them.
 */
export function checkCategories(
  { name, images, classes: categories }: DatasetOutline,
  { categoriesEach, classifierBatchSize, publicBatchSize }: SemanticParameters & { readonly publicBatchSize: number },
  { classes }: Pick<PublicFacts, 'classes'>,
): void {
  const asked = `choosing categories of ${name}`;
  const needed = categoriesEach * classes.length;
  if (categories.length < needed)
    throw new OptionError({
      asked,
      wrong: `there are too few: each of the ${classes.length} private classes takes ${categoriesEach} of its own`,
      got: categories.length,
      expected: `at least ${needed}`,
      next: 'Choose a public dataset with more categories, or a smaller categoriesEach.',
    });
  const sizes = categories.map(() => 0);
  for (const label of images.labels) sizes[label]!++;
  const fewest = sizes
    .toSorted((a, b) => a - b)
    .slice(0, needed)
    .reduce((sum, size) => sum + size, 0);
  if (fewest < publicBatchSize)
    throw new OptionError({
      asked,
      wrong: `the smallest ${needed} of them have fewer images together than a batch`,
      got: fewest,
      expected: `publicBatchSize of at most ${fewest}, not ${publicBatchSize}`,
    });
  if (images.count < classifierBatchSize)
    throw new OptionError({
      asked,
      wrong: 'the public dataset has fewer images than a batch of the classifier',
      got: images.count,
      expected: `classifierBatchSize of at most ${images.count}, not ${classifierBatchSize}`,
    });
}
