import { gaussian } from '../../lib/mechanisms/index.js';
import { methods } from '../../lib/methods/methods.js';
import type { Tensor2D, Tensor4D } from '../../lib/tensor/index.js';

/** What the method below released, newest last: tests look at the noise. */
export const releasedMeans: Float32Array[] = [];

/** One private release and black images: all that tests of whole runs need. */
methods.define({
  id: 'black-images',
  title: 'Black images',
  paper: { title: 'none', authors: 'none', year: 2026, url: 'https://example.org' },
  params: {},
  samples: { smoke: 10, laptop: 10, paper: 10 },
  spends: (_params, { size }) => [gaussian({ of: 'brightness', l2Sensitivity: 1 / size })],
  async fit({ mechanisms, facts: { shape } }) {
    const features = (images: Tensor4D) => images.reshape([images.shape[0], -1]).mean(1, true) as Tensor2D;
    const released = await mechanisms.labelMeans('brightness', { features, dimension: 1, clipNorm: 1 });
    releasedMeans.push(released.value);
    const pixels = shape.height * shape.width * shape.channels;
    return {
      sample: async (labels) => ({ data: new Uint8Array(labels.length * pixels), count: labels.length, ...shape }),
    };
  },
});
