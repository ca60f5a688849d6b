import type { DatasetDefinition } from './contract.js';
import { fashionMnist } from './fashion-mnist.js';
import { mnist } from './mnist.js';
import { mnist10k } from './mnist-10k.js';

/** Every dataset that comes with dpbench: one line a file. */
export const definitions = [mnist10k, mnist, fashionMnist] as const satisfies readonly DatasetDefinition[];

/** Name of a dataset: one of these, or of one that was defined. */
export type DatasetName = (typeof definitions)[number]['id'] | (string & {});
