import type { LabeledImages } from '../../../../lib/core/images.js';
import { SecureStream, SeededStream } from '../../../../lib/core/rng.js';
import {
  Mechanisms,
  Sensitive,
  shardedCritics,
  type CriticsQuery,
  type Journal,
} from '../../../../lib/mechanisms/index.js';
import type { Critics } from '../../../../lib/nn/critics/critic-group.js';
import { constant } from '../../../../lib/nn/parameters.js';
import { Ledger } from '../../../../lib/privacy/index.js';
import { tf, type Tensor2D, type Tensor4D } from '../../../../lib/tensor/index.js';

export const shape = { height: 1, width: 2, channels: 1 };

/** Critics that score an image by `w . x`: what they learn is on which side real images are, so the slope is w everywhere. */
export const linearCritics: Critics = {
  newGroup: (size) => {
    const w = constant([size, 1, 2], 0.01);
    return { parameters: { w }, state: {}, advance: () => undefined, dispose: () => w.dispose() };
  },
  scores: (weights, images) => {
    const [size, batch] = images.shape as [number, number];
    return images.reshape([size, batch, 2]).mul(weights['w']!).sum(2) as Tensor2D;
  },
};

/** Records of two pixels each. */
export const rowsOf = (pixels: readonly (readonly [number, number])[]): LabeledImages => ({
  data: Uint8Array.from(pixels.flat()),
  labels: new Uint8Array(pixels.length),
  count: pixels.length,
  ...shape,
});

export interface ToyOptions extends Partial<CriticsQuery> {
  readonly count?: number;
  readonly answering?: 'all' | 'one';
  readonly steps?: number;
  readonly clipNorm?: number;
  readonly noiseMultiplier?: number;
  readonly updates?: number;
  /** The public N; default the number of records. */
  readonly size?: number;
  /** Generated images, all grey when left out. */
  readonly fakes?: readonly (readonly [number, number])[];
  readonly ledger?: Ledger;
  readonly journal?: Journal;
  readonly noise?: SecureStream;
}

/** Critics of toy records, trained against grey images. */
export async function criticsOn(rows: LabeledImages, options: ToyOptions = {}) {
  const { count = 3, answering = 'all', steps = 1, clipNorm = 1, noiseMultiplier = 1e-6, updates = 20 } = options;
  const { ledger = new Ledger({ delta: 1e-5, accountant: 'rdp' }), journal, noise = new SecureStream(1) } = options;
  const plan = [shardedCritics({ of: 'slopes', critics: count, answering, steps, clipNorm, noiseMultiplier })];
  const grey = [0.5, 0.5] as const;
  const { size = rows.count, fakes: shown = [grey, grey] } = options;
  const facts = { name: 'toy', size, classes: ['a', 'b'], shape };
  const sensitive = Sensitive.seal(rows, facts);
  const mechanisms = new Mechanisms({ sensitive, plan, noiseMultiplier: NaN, ledger, noise, journal });
  const critics = await mechanisms.shardedCritics('slopes', {
    ...{
      critics: linearCritics,
      loss: { penalty: 0.1, drift: 0 },
      batchSize: 4,
      learningRate: 0.2,
      momentum: [0.5, 0.9],
    },
    ...{ stream: new SeededStream(2), ...options },
  });
  const images = tf.tensor4d(shown.flat(), [shown.length, 1, 2, 1]);
  const fakes = { images, labels: shown.map((_, i) => i % 2) };
  for (let turn = 0; turn < critics.turns; turn++) await critics.update(fakes, updates);
  fakes.images.dispose();
  return { critics, ledger, mechanisms };
}

/** The sum over answering critics of what `next` releases, in the units of the clip norm. */
export async function answered(rows: LabeledImages, batch: number, options: ToyOptions = {}): Promise<number[]> {
  const { critics } = await criticsOn(rows, options);
  const images = tf.zeros([batch, 1, 2, 1]) as Tensor4D;
  const labels = tf.zeros([batch, 2]) as Tensor2D;
  const released = await critics.next(images, labels);
  const values = [...(await released.data())];
  tf.dispose([images, labels, released]);
  critics.dispose();
  const answering = options.answering === 'one' ? 1 : (options.count ?? 3);
  return values.map((value) => value * answering);
}
