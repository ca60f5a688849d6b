import type { Images, ImageShape } from '../../core/images.js';
import type { Named } from '../../core/registry.js';
import type { PublishedFile } from '../../data/published-file.js';

/** Images as a metric's network sees them, batch by batch. */
export interface FeatureBatch {
  readonly rows: number;
  /** `[rows, size]`, row by row. */
  readonly features: Float32Array;
  /** `[rows, classes]`: the values before the softmax of the network's own classes, when it has a head. */
  readonly logits?: Float32Array;
}

/** A network that is ready: its weights are read or trained. */
export interface FeatureNetwork {
  /** SHA-256 of the weights in hex. */
  readonly checksum: string;
  /** All images in their order, a batch at a time; memory does not grow with their number. Leaves no tensor behind. */
  batches(images: Images, signal?: AbortSignal): AsyncIterable<FeatureBatch>;
}

/** A member of the registry of feature extractors, for FID and its like: one file. */
export interface FeatureExtractor<Id extends string = string> extends Named {
  readonly id: Id;
  /** Network, training data and seed. Unlike for any two extractors whose numbers differ; begins with the id and a space. */
  readonly name: string;
  /** Length of a feature vector. */
  readonly size: number;
  /** Length of the logits; left out when there is no head, so that there is no Inception score. */
  readonly classes?: number;
  /** What happens to an image before the network sees it, in words. */
  readonly preprocessing: string;
  readonly source: string;
  /** The file of weights that `open` reads, where they are not made here: absent without a download, see `findPublishedFile`. */
  readonly weights?: PublishedFile;
  /** Whether it is made for images of this shape. */
  accepts(shape: ImageShape): boolean;
  /** Reads or trains the weights: once a process, and again after a failure. They stay until the process ends. */
  open(signal?: AbortSignal): Promise<FeatureNetwork>;
}
