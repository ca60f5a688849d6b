import type { Named } from '../core/registry.js';
import type { ImageShape, LabeledImages } from '../core/images.js';
import type { SensitiveImages } from '../mechanisms/sensitive.js';

/** Where and how much to read. */
export interface LoadOptions {
  /** Folder that holds the dataset's folder; else `DPBENCH_DATA`, else the cache. */
  readonly root?: string;
  /** At most so many training records, drawn by `seed`; all when left out. */
  readonly limit?: number;
  /** Seed of the draw for `limit`. */
  readonly seed?: number;
  /**
   * Training records to hold out for validation, by a permutation that is always the same; `true` for the dataset's usual number,
   * a twelfth where it has none. `limit` applies to the rest.
   */
  readonly heldOut?: number | true;
}

/** A private dataset: images and labels can be reached through mechanisms only. */
export interface Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  readonly train: SensitiveImages;
  readonly test: SensitiveImages;
  /** Records held out of the training set: there when `heldOut` asks for some. Disjoint from `train`. */
  readonly validation?: SensitiveImages;
}

/** A public dataset, for pre-training and feature extractors: plain rows. */
export interface PublicDataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly images: LabeledImages;
}

/** A member of the dataset registry: one file that reads one dataset. */
export interface DatasetDefinition<Id extends string = string> extends Named {
  readonly id: Id;
  readonly title: string;
  readonly licence: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  /** True when anyone may have these rows, so that they may train feature extractors and pre-train methods. */
  readonly public: boolean;
  /** Another dataset whose records these are: where that one is private, these are no public data. */
  readonly recordsOf?: string;
  /** Training records that are usually held out for validation. */
  readonly heldOut?: number;
  read(root: string | undefined): Promise<{ train: LabeledImages; test: LabeledImages }>;
}
