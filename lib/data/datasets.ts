import { check, checkKeys } from '../core/check.js';
import { DataError, OptionError } from '../core/errors.js';
import { takeImages, type LabeledImages } from '../core/images.js';
import { Registry } from '../core/registry.js';
import { SeededStream } from '../core/rng.js';
import { Sensitive, type SensitiveImages } from '../mechanisms/sensitive.js';
import type { Dataset, DatasetDefinition, LoadOptions, PublicDataset } from './contract.js';
import { definitions, type DatasetName } from './index.js';

const registry = new Registry<DatasetDefinition>('dataset', definitions);

/** The datasets by name: `dp.datasets`. */
export const datasets = {
  names: (): string[] => registry.names(),

  /** What is known of a dataset without reading it. */
  describe: (name: DatasetName): DatasetDefinition => registry.get(name),

  /** The same of a public dataset; a private one is refused. */
  describePublic(name: DatasetName): DatasetDefinition {
    const definition = registry.get(name);
    if (definition.public) return definition;
    throw new DataError({
      asked: `public dataset '${name}'`,
      wrong: 'the dataset is private: rows used without noise would be a release that no budget covers',
      expected: datasets.publicNames().join(', '),
      next: `Open it with dp.datasets.load('${name}').`,
    });
  },

  /** True when two names stand for records of one dataset, so that neither is public where the other is private. */
  sameRecords(name: DatasetName, other: DatasetName): boolean {
    const origin = (id: DatasetName) => registry.get(id).recordsOf ?? id;
    return origin(name) === origin(other);
  },

  /** Names of the datasets whose rows anyone may have. */
  publicNames: (): string[] => registry.names().filter((name) => registry.get(name).public),

  /** Adds a dataset of your own: `dp.run({ dataset })` then knows it. */
  define: (definition: DatasetDefinition): DatasetDefinition => registry.define(definition, { replace: true }),

  /**
   * Opens a dataset as private: training and test rows can be reached through mechanisms only.
   *
   * @example const { train } = await dp.datasets.load('mnist-10k'); train.size   // 8000
   */
  async load(name: DatasetName, options: LoadOptions = {}): Promise<Dataset> {
    return seal(registry.get(name), options);
  },

  /** Opens the training part of a public dataset as plain rows; a private dataset is refused. */
  async loadPublic(name: DatasetName, options: LoadOptions = {}): Promise<PublicDataset> {
    const definition = datasets.describePublic(name);
    const { train } = await read(definition, options);
    return { name, classes: definition.classes, images: train };
  },
};

async function seal(definition: DatasetDefinition, options: LoadOptions): Promise<Dataset> {
  const { id: name, classes, shape } = definition;
  const { train, test, validation } = await read(definition, options);
  const sealed = (rows: LabeledImages, part: string): SensitiveImages =>
    Sensitive.seal(rows, { name: `${name}, ${part} images`, size: rows.count, classes, shape });
  return {
    ...{ name, classes, shape },
    train: sealed(train, 'training'),
    test: sealed(test, 'test'),
    ...(validation && { validation: sealed(validation, 'held-out training') }),
  };
}

async function read(definition: DatasetDefinition, options: LoadOptions) {
  const asked = `dp.datasets.load('${definition.id}')`;
  checkKeys(asked, options, ['root', 'limit', 'seed', 'heldOut']);
  const { limit, seed = 0, heldOut } = options;
  const { train: all, test } = await definition.read(options.root);
  const usual = definition.heldOut ?? Math.floor(all.count / 12);
  const { train, validation } =
    heldOut === undefined ? { train: all } : divide(asked, all, heldOut === true ? usual : heldOut);
  if (limit === undefined) return { train, test, validation };
  check('count', asked, { limit });
  const order = new SeededStream(seed).fork('limit').permutation(train.count);
  return { train: takeImages(train, order.subarray(0, limit)), test, validation };
}

/**
 * Two disjoint parts. Which one a row is in depends on its place alone, never on what any row holds. Places are fixed: a dataset
 * without a record is one whose place is empty (N is public and stays), not one in which all others move up.
 */
function divide(asked: string, all: LabeledImages, heldOut: number) {
  check('count', asked, { heldOut });
  if (heldOut >= all.count)
    throw new OptionError({
      asked,
      wrong: 'heldOut leaves nothing to train on',
      got: heldOut,
      expected: `less than ${all.count}`,
    });
  const order = new SeededStream('held out').permutation(all.count);
  const [validation, train] = [order.subarray(0, heldOut), order.subarray(heldOut)];
  return { train: takeImages(all, train), validation: takeImages(all, validation) };
}
