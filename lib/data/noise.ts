import type { LabeledImages } from '../core/images.js';
import { SeededStream } from '../core/rng.js';
import type { DatasetDefinition } from './contract.js';

const shape = { height: 28, width: 28, channels: 1 };

/**
 * Images of random pixels, each from 0 to 255 alike, with random labels: a public set that says nothing about any other. It is the
 * control of training on public images first, which helps as far as these look like the private ones. The same for everybody.
 */
export const noise: DatasetDefinition<'noise'> = {
  id: 'noise',
  title: 'Random pixels with random labels, 10,000 + 2,000, made here',
  licence: 'none needed: there is no work in it',
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  shape,
  public: true,
  read: () => Promise.resolve({ train: drawn('train', 10_000), test: drawn('test', 2000) }),
};

function drawn(part: string, count: number): LabeledImages {
  const stream = new SeededStream('noise').fork(part);
  const labels = Uint8Array.from({ length: count }, () => stream.integer(noise.classes.length));
  const data = Uint8Array.from({ length: count * 784 }, () => stream.integer(256));
  return { data, labels, count, ...shape };
}
