import type { Images, LabeledImages } from '../../core/images.js';
import type { FeatureFacts } from '../../core/results.js';
import { derive, type Sensitive, type SensitiveImages } from '../../mechanisms/index.js';
import type { FeatureExtractor } from './contract.js';

/** The features of a set of images, `[rows, size]` row by row, with the logits where the network has a head. */
export interface FeatureRows {
  readonly rows: number;
  readonly size: number;
  readonly features: Float32Array; // [rows, size]
  readonly classes: number; // 0 without a head
  readonly logits: Float32Array; // [rows, classes]
}

/**
 * The features of one extractor, computed once for each set of images and shared by all metrics. Features of private images stay
 * sealed as the images are.
 */
export class FeatureStore {
  readonly #synthetic = new WeakMap<Images, Promise<FeatureRows>>();

  constructor(
    readonly extractor: FeatureExtractor,
    readonly signal?: AbortSignal,
  ) {}

  /** What a result says of its features: `features` and `extractor` of a `MetricResult`. */
  async facts(): Promise<{ readonly features: string; readonly extractor: FeatureFacts }> {
    const { name, preprocessing } = this.extractor;
    const { checksum } = await this.extractor.open(this.signal);
    return { features: name, extractor: { name, checksum, preprocessing } };
  }

  synthetic(images: Images): Promise<FeatureRows> {
    return once(this.#synthetic, images, () => featureRows(this.extractor, images, this.signal));
  }

  /** The same of private images, which come once for all stores of this process. */
  sensitive(images: SensitiveImages): Promise<Sensitive<FeatureRows>> {
    const ofExtractor =
      sealedFeatures.get(this.extractor) ?? new WeakMap<SensitiveImages, Promise<Sensitive<FeatureRows>>>();
    sealedFeatures.set(this.extractor, ofExtractor);
    return once(ofExtractor, images, () =>
      derive(images, (rows: LabeledImages) => featureRows(this.extractor, rows, this.signal)),
    );
  }
}

const sealedFeatures = new WeakMap<FeatureExtractor, WeakMap<SensitiveImages, Promise<Sensitive<FeatureRows>>>>();

/** A failure is not kept: the next call tries again. */
function once<Key extends object, Value>(
  kept: WeakMap<Key, Promise<Value>>,
  key: Key,
  make: () => Promise<Value>,
): Promise<Value> {
  const found = kept.get(key);
  if (found) return found;
  const made = make();
  kept.set(key, made);
  made.catch(() => kept.delete(key));
  return made;
}

async function featureRows(extractor: FeatureExtractor, images: Images, signal?: AbortSignal): Promise<FeatureRows> {
  const { size, classes = 0 } = extractor;
  const network = await extractor.open(signal);
  const features = new Float32Array(images.count * size);
  const logits = new Float32Array(images.count * classes);
  let at = 0;
  for await (const batch of network.batches(images, signal)) {
    features.set(batch.features, at * size);
    if (batch.logits) logits.set(batch.logits, at * classes);
    at += batch.rows;
  }
  return { rows: images.count, size, features, classes, logits };
}
