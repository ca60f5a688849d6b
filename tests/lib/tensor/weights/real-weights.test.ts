import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { loadWeights } from '../../../../lib/tensor/weights/load-weights.js';

const folder = join(process.env['DPBENCH_DATA'] ?? '', 'weights');

/**
 * By `torch.load(file, weights_only=True)` of PyTorch 2.13.0 (of 'state_dict' for ResNet-20, without 'module.'): the number of
 * tensors and values, SHA-256 of the lines `name 1,2,3` joined by line feeds, and of the float32 values one after the other.
 */
const files = {
  'lpips-squeeze.pth': {
    checksum: '4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76',
    last: 'lin6.model.1.weight 1,512,1,1',
    counts: [7, 2240],
    listing: '17d00c2a8c4ec629ca33236ed50e5bcfff97ca4e8e68d7ac258b4c8382432eff',
    values: '68f1b1752260e0335c6394983132e210e3ed5c2540e78d239be07671a77130e4',
  },
  'mnist_classifier_weights_lenet_epoch=12_test_acc=0.991.pth': {
    checksum: '7b3591ba5a63752a7e728d7f7e511266556a2ec66844810da9f475e07019b85e',
    last: 'fc.f7.bias 10',
    counts: [10, 61706],
    listing: 'ddbcdc9db5f70911e57a3e7d3af4ab5df6d46e41bd39c1de564b851316c4b3a5',
    values: '374e35d0dc85bb46e7f5148bdbf4ca0dfa10920b6bdfb66615a10375d00187f4',
  },
  'resnet20-12fca82f.th': {
    checksum: '12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8',
    last: 'linear.bias 10',
    counts: [97, 271098],
    listing: '89a29ce963586dcf44f752d9a4ce99aa1a6b22d281c6b650ac98ed05281f479c',
    values: '55fa4ffa8345bfb167b8f5f3a05cba788b5ee87bbed6c716a6342c1616ee109f',
  },
};

describe('real weights', () => {
  beforeAll(async () => void (await setupEngine()));

  for (const [name, expected] of Object.entries(files)) {
    const path = join(folder, name);
    it.skipIf(!existsSync(path))(`${name} is what torch.load gives (needs weights in DPBENCH_DATA)`, async () => {
      const before = tf.memory().numTensors;
      const { tensors, checksum } = await loadWeights(path);
      const lines = Object.entries(tensors).map(([tensor, { shape }]) => `${tensor} ${shape.join(',')}`);
      const values = createHash('sha256');
      let count = 0;
      for (const tensor of Object.values(tensors)) {
        const { buffer, byteOffset, byteLength } = await tensor.data();
        values.update(Buffer.from(buffer, byteOffset, byteLength));
        count += tensor.size;
      }
      expect({
        checksum,
        last: lines.at(-1),
        counts: [lines.length, count],
        listing: createHash('sha256').update(lines.join('\n')).digest('hex'),
        values: values.digest('hex'),
      }).toEqual(expected);
      tf.dispose(tensors);
      expect(tf.memory().numTensors).toBe(before);
    });
  }
});
