import { cifar10, cifar10Subset } from './cifar-10.js';
import type { DatasetDefinition } from './contract.js';
import { fashionMnist } from './fashion-mnist.js';
import { glyphs } from './glyphs.js';
import { kmnist } from './kmnist.js';
import { mnist } from './mnist.js';
import { mnist10k } from './mnist-10k.js';
import { noise } from './noise.js';
import { omniglot } from './omniglot.js';

/** Every dataset that comes with dpbench: one line a file. */
export const definitions = [
  mnist10k,
  mnist,
  fashionMnist,
  kmnist,
  omniglot,
  cifar10,
  cifar10Subset,
  glyphs,
  noise,
] as const satisfies readonly DatasetDefinition[];

/** Name of a dataset: one of these, or of one that was defined. */
export type DatasetName = (typeof definitions)[number]['id'] | (string & {});
