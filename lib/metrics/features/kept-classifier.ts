import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DpbenchError } from '../../core/errors.js';
import type { Images, ImageShape } from '../../core/images.js';
import { SeededStream } from '../../core/rng.js';
import { SmallClassifier } from '../../nn/small-classifier.js';
import { assignWeights, cacheFolder, saveWeights } from '../../tensor/index.js';
import { ClassifierFeatures } from './classifier-features.js';
import type { FeatureExtractor } from './contract.js';
import { openOnce } from './open-once.js';

/** A classifier that is trained here, on public images. */
export interface ClassifierRecipe {
  readonly id: string;
  /** To be raised when anything of the training changes: other weights are then kept beside the old ones. */
  readonly version: number;
  readonly shape: ImageShape;
  readonly classes: number;
  /** Makes images fit the network; left out, they fit. */
  readonly prepare?: (images: Images) => Images;
  train(signal?: AbortSignal): Promise<SmallClassifier>;
}

/**
 * `open` of an extractor whose network is trained here: at the first use on a machine, then read from `weights` in the cache, so
 * that all later processes have the same features. A kept file that is damaged is made anew.
 *
 * Training repeats to the bit on as many cores (each of five processes on two cores, measured); on one core instead of two the weights
 * differ, as TensorFlow then adds in another order, and so do scores in their last digits: FID by colour features of two halves of
 * CIFAR-10 was 1.51 and 1.56. Results therefore name the checksum of the weights.
 */
export function openKept(recipe: ClassifierRecipe): FeatureExtractor['open'] {
  return openOnce(async (signal) => {
    const folder = join(cacheFolder(), 'weights');
    const path = join(folder, `${recipe.id}-${recipe.version}.safetensors`);
    const kept = await readKept(path, recipe);
    if (kept) return kept;
    const features = await ClassifierFeatures.of(await recipe.train(signal), recipe.prepare);
    try {
      await mkdir(folder, { recursive: true });
      await saveWeights(path, features.network.parameters, { checksum: features.checksum });
    } catch {
      // A cache that cannot be written costs the next process the time of training, and nothing else.
    }
    return features;
  });
}

async function readKept(
  path: string,
  { shape, classes, prepare }: ClassifierRecipe,
): Promise<ClassifierFeatures | undefined> {
  if (!existsSync(path)) return undefined;
  const network = new SmallClassifier({ shape, classes, stream: new SeededStream(0) });
  try {
    const { checksum } = await assignWeights(network.parameters, path);
    const features = await ClassifierFeatures.of(network, prepare);
    if (features.checksum === checksum) return features;
  } catch (error) {
    if (!(error instanceof DpbenchError)) throw error;
  }
  network.dispose();
  return undefined;
}
