import type { LabeledImages } from '../../../../lib/core/images.js';
import { datasets } from '../../../../lib/data/datasets.js';
import { gaussian, type Mechanisms } from '../../../../lib/mechanisms/index.js';
import type { FitContext } from '../../../../lib/methods/contract.js';
import { methods } from '../../../../lib/methods/methods.js';
import type { Tensor2D, Tensor4D } from '../../../../lib/tensor/index.js';

/** What a test can change about the toy dataset and method: they stand for a user's own. */
export const toy = {
  records: 40,
  brightness: 100,
  sensitivity: 1,
  /** Called by `fit` at its places. */
  beforeRelease: async (_context: FitContext<object>): Promise<void> => {},
  whileReading: (): void => {},
  afterRelease: async (_context: FitContext<object>): Promise<void> => {},
  /** What the last `fit` was given by its release. */
  released: new Float32Array() as Float32Array,
};

const unchanged = { ...toy };
export const resetToy = (): void => void Object.assign(toy, unchanged);

const shape = { height: 1, width: 2, channels: 1 };

datasets.define({
  id: 'toy-set',
  title: 'Grey pixels, for tests',
  licence: 'none',
  classes: ['a', 'b'],
  shape,
  public: false,
  read: async () => {
    const { records: count, brightness } = toy;
    const data = new Uint8Array(2 * count).fill(brightness);
    const rows: LabeledImages = { data, labels: Uint8Array.from({ length: count }, (_, i) => i % 2), count, ...shape };
    return { train: rows, test: rows };
  },
});

const mean = (mechanisms: Mechanisms) =>
  mechanisms.labelMeans('mean', {
    features: (images: Tensor4D) => {
      toy.whileReading();
      return images.reshape([-1, 2]) as Tensor2D;
    },
    dimension: 2,
    clipNorm: 1,
  });

methods.define({
  id: 'toy-mean',
  title: 'One release, for tests',
  paper: { title: 'none', authors: 'none', year: 2026, url: 'https://example.org' },
  params: {},
  samples: { smoke: 4, laptop: 4, paper: 4 },
  spends: (_params, { size }) => [gaussian({ of: 'mean', l2Sensitivity: toy.sensitivity / size })],
  async fit(context) {
    await toy.beforeRelease(context);
    toy.released = (await mean(context.mechanisms)).value;
    await toy.afterRelease(context);
    return { sample: async ({ length }) => ({ data: new Uint8Array(2 * length), count: length, ...shape }) };
  },
});

export const request = { method: 'toy-mean', dataset: 'toy-set', epsilon: 2, scale: 'smoke', metrics: [] } as const;
