import { existsSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../../../lib/core/images.js';
import { fromTorch, publishedResnet20, torchClassifier } from '../../../../lib/nn/classifiers/torch-weights.js';
import { shareRight } from '../../../../lib/nn/classifiers/trained-classifier.js';
import { imageTensor, saveWeights, setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(async () => void (await setupEngine()));

const data = process.env['DPBENCH_DATA'] ?? '';
const weights = join(data, 'weights', 'resnet20-12fca82f.th');
const here = existsSync(weights) && existsSync(join(data, 'cifar-10-subset'));

/** CIFAR-10's binary layout: a label, then 1,024 red, 1,024 green and 1,024 blue bytes. */
function readCifar(...names: string[]): LabeledImages {
  const bytes = Buffer.concat(names.map((name) => readFileSync(join(data, 'cifar-10-subset', name))));
  const count = bytes.length / 3073;
  const pixels = new Uint8Array(count * 3072);
  for (let row = 0; row < count; row++)
    for (let i = 0; i < 3072; i++)
      pixels[row * 3072 + (i % 1024) * 3 + Math.floor(i / 1024)] = bytes[row * 3073 + 1 + i]!;
  const labels = Uint8Array.from({ length: count }, (_, row) => bytes[row * 3073]!);
  return { data: pixels, labels, count, height: 32, width: 32, channels: 3 };
}

describe("PyTorch's weights", () => {
  it('get our names and layout', async () => {
    const before = tf.memory().numTensors;
    const found = tf.tidy(() =>
      fromTorch({
        'conv1.weight': tf.range(0, 24).reshape([4, 3, 1, 2]), // [out, in, height, width]
        'bn1.weight': tf.ones([4]),
        'bn1.bias': tf.zeros([4]),
        'bn1.running_mean': tf.zeros([4]),
        'bn1.running_var': tf.ones([4]),
        'bn1.num_batches_tracked': tf.scalar(3, 'int32'),
        'linear.weight': tf.range(0, 6).reshape([2, 3]),
        'linear.bias': tf.zeros([2]),
      }),
    );
    expect(Object.fromEntries(Object.entries(found).map(([name, { shape }]) => [name, shape]))).toEqual({
      'conv1.kernel': [1, 2, 3, 4],
      'bn1.scale': [4],
      'bn1.shift': [4],
      'bn1.mean': [4],
      'bn1.variance': [4],
      'linear.kernel': [3, 2],
      'linear.bias': [2],
    });
    // at height 0, width 1, in 2, out 3: 3 * 6 + 2 * 2 + 1
    expect((await found['conv1.kernel']!.data())[1 * 12 + 2 * 4 + 3]).toBe(23);
    expect([...(await found['linear.kernel']!.data())]).toEqual([0, 3, 1, 4, 2, 5]);
    tf.dispose(found);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of another architecture are refused', async () => {
    const before = tf.memory().numTensors;
    const folder = mkdtempSync(join(tmpdir(), 'dpbench-test-'));
    const path = join(folder, 'other.safetensors');
    const kernel = tf.zeros([16, 3, 5, 5]);
    writeFileSync(path, '');
    await saveWeights(path, { 'conv1.weight': kernel });
    await expect(torchClassifier(publishedResnet20(), path)).rejects.toThrow(
      `weights of ResNet-20 (16, 32, 64) from '${path}': conv1.kernel does not fit; got '[5, 5, 3, 16]', ` +
        'expected [3, 3, 3, 16]. Give the file of this very architecture.',
    );
    kernel.dispose();
    rmSync(folder, { recursive: true });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the published ResNet-20 (needs weights and cifar-10-subset in DPBENCH_DATA)', () => {
  const golden = JSON.parse(readFileSync(new URL('../../../golden/resnet20.json', import.meta.url), 'utf8')) as {
    logits: number[][];
    right: number;
  };

  it.skipIf(!here)("gives PyTorch's logits and classifies as many of 3,000 images rightly", async () => {
    const before = tf.memory().numTensors;
    const { trained, checksum } = await torchClassifier(publishedResnet20(), weights);
    expect(checksum).toMatch(/^12fca82f/);
    const rows = readCifar('data_batch_1.bin', 'test_batch.bin');
    const logits = tf.tidy(() => trained.logits(imageTensor(rows, 0, 8)));
    const values = await logits.data();
    golden.logits.flat().forEach((value, i) => expect(Math.abs(values[i]! - value)).toBeLessThan(1e-4));
    const right = Math.round(3000 * (await shareRight(trained.classes, rows)));
    expect(Math.abs(right - golden.right)).toBeLessThanOrEqual(1); // a tie in float32 may fall either way
    expect(right / 3000).toBeGreaterThan(0.97);
    logits.dispose();
    trained.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
