import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Images } from '../../../../lib/core/images.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { ClassifierFeatures } from '../../../../lib/metrics/features/classifier-features.js';
import { openKept } from '../../../../lib/metrics/features/kept-classifier.js';
import { SmallClassifier } from '../../../../lib/nn/small-classifier.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

const shape = { height: 8, width: 8, channels: 1 };

let root: string;
let trained: number;
let before: number;
const opened: ClassifierFeatures[] = [];

beforeAll(async () => {
  await setupEngine();
  tf.memory(); // loads the engine before the cache is another folder
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dpbench-kept-'));
  vi.stubEnv('DPBENCH_CACHE', root);
  trained = 0;
  before = tf.memory().numTensors;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const { network } of opened.splice(0)) network.dispose();
  expect(tf.memory().numTensors).toBe(before);
  await rm(root, { recursive: true, force: true });
});

/** As a new process opens it. Each training gives other weights, as on another machine. */
async function open(change = {}): Promise<ClassifierFeatures> {
  const train = () => {
    const stream = new SeededStream(++trained);
    return Promise.resolve(new SmallClassifier({ shape, classes: 3, stream }));
  };
  const features = await openKept({ id: 'tiny', version: 2, shape, classes: 3, train, ...change })();
  opened.push(features as ClassifierFeatures);
  return features as ClassifierFeatures;
}

const file = () => join(root, 'weights', 'tiny-2.safetensors');

it('trains once a machine: the next process has the same weights', async () => {
  const { checksum } = await open();
  expect((await open()).checksum).toBe(checksum);
  expect(trained).toBe(1);
});

it('trains anew for another version', async () => {
  const { checksum } = await open();
  expect((await open({ version: 3 })).checksum).not.toBe(checksum);
  expect((await open()).checksum).toBe(checksum);
  expect(trained).toBe(2);
});

it.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 8)],
  ['empty', () => Buffer.alloc(0)],
  ['of other values', (bytes: Buffer) => bytes.fill(0x3f, bytes.length - 4)],
])('trains anew when the kept file is %s', async (_, damage) => {
  await open();
  const whole = await readFile(file());
  await writeFile(file(), damage(Buffer.from(whole)));
  const { checksum } = await open();
  expect(trained).toBe(2);
  expect((await open()).checksum).toBe(checksum);
  expect(trained).toBe(2);
});

it('trains anew when the kept network has other classes', async () => {
  await open();
  const train = () => Promise.resolve(new SmallClassifier({ shape, classes: 5, stream: new SeededStream(1) }));
  const { network } = await open({ classes: 5, train });
  expect(network.parameters['bias4']!.shape).toEqual([5]);
});

it('does without a cache that cannot be written', async () => {
  await writeFile(join(root, 'weights'), 'a file where a folder should be');
  expect((await open()).checksum).toMatch(/^[0-9a-f]{64}$/);
});

it('makes images fit before the network sees them, also when the weights were kept', async () => {
  const image: Images = { data: Uint8Array.from({ length: 64 }, (_, i) => 4 * i), count: 1, ...shape };
  const prepare = (images: Images): Images => ({ ...images, data: images.data.map((value) => 255 - value) });
  const first = async (features: ClassifierFeatures, images: Images) => {
    for await (const batch of features.batches(images)) return batch.features;
    return undefined;
  };
  const plain = await first(await open(), prepare(image));
  expect(await first(await open({ prepare }), image)).toEqual(plain);
  expect(await first(await open(), image)).not.toEqual(plain);
});
