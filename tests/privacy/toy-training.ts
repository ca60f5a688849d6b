import type { LabeledImages } from '../../lib/core/images.js';
import { SecureStream } from '../../lib/core/rng.js';
import { dpSgd, Mechanisms, Sensitive, type DpSgdQuery, type Journal } from '../../lib/mechanisms/index.js';
import { dense } from '../../lib/nn/layers/dense.js';
import { constant, disposeAll } from '../../lib/nn/parameters.js';
import type { ExampleLosses } from '../../lib/nn/tape.js';
import { Ledger } from '../../lib/privacy/index.js';
import { tf, type Tensor, type Variable } from '../../lib/tensor/index.js';
import { classes, negligible } from './toy.js';

/** Records whose gradient is known: that of the toy loss by its kernel is the record. */
export type Vectors = readonly (readonly [number, number])[];

const shape = { height: 1, width: 2, channels: 1 };

export function vectorRows(vectors: Vectors): LabeledImages {
  const data = Uint8Array.from(vectors.flat(), (value) => Math.round(value * 10)); // tenths, up to 25.5
  return { data, labels: new Uint8Array(vectors.length), count: vectors.length, ...shape };
}

const sealedRows = (rows: LabeledImages, size: number) => Sensitive.seal(rows, { name: 'toy', size, classes, shape });

const linear = dense({ name: 'w', inputs: 2, outputs: 1, bias: false });

/** [examples, 1, 2, 1] to [examples]. */
export const toyLosses: ExampleLosses = (tape, images) =>
  tape.use(linear, images!.reshape([-1, 2]).mul(25.5)).reshape([-1]);

export const toyParameters = (): Record<string, Variable> => ({ 'w.kernel': constant([2, 1], 0) });

export interface TrainingOptions extends Partial<DpSgdQuery> {
  readonly clipNorm?: number;
  readonly sampleRate?: number;
  readonly steps?: number;
  /** The public N; default the number of records. */
  readonly size?: number;
  readonly noiseMultiplier?: number;
  readonly rows?: LabeledImages;
  readonly noise?: SecureStream;
  readonly ledger?: Ledger;
  readonly journal?: Journal;
  readonly signal?: AbortSignal;
}

/** DP-SGD on toy records, with all of them in each batch and noise so small that it does not show. */
export async function trainingOn(vectors: Vectors, options: TrainingOptions = {}) {
  const { clipNorm = 1, sampleRate = 1, steps = 1, noiseMultiplier = negligible } = options;
  const { rows = vectorRows(vectors), size = rows.count, noise = new SecureStream(1), journal, signal } = options;
  const { ledger = new Ledger({ delta: 1e-5, accountant: 'rdp' }) } = options;
  const { losses = toyLosses, parameters = toyParameters(), trained, draws, microBatch = 4, precision } = options;
  const plan = [dpSgd({ of: 'network', clipNorm, sampleRate, steps, noiseMultiplier })];
  const sensitive = sealedRows(rows, size);
  const mechanisms = new Mechanisms({ sensitive, plan, noiseMultiplier: NaN, ledger, noise, journal, signal });
  const disposeOwn = () => options.parameters ?? disposeAll(parameters);
  try {
    const training = await mechanisms.dpSgd('network', { losses, parameters, trained, draws, microBatch, precision });
    const dispose = () => {
      training.dispose();
      disposeOwn();
    };
    return { training, ledger, mechanisms, parameters, dispose };
  } catch (error) {
    disposeOwn();
    throw error;
  }
}

/** Values of a release, all parameters laid end to end; the tensors are disposed. */
export async function flat(released: Readonly<Record<string, Tensor>>): Promise<number[]> {
  const parts = await Promise.all(Object.values(released).map((tensor) => tensor.data()));
  tf.dispose(released);
  return parts.flatMap((part) => [...part]);
}

/** The noisy sum of each step: the released means times the expected size of a batch. */
export async function sumsOn(vectors: Vectors, options: TrainingOptions = {}): Promise<number[][]> {
  const { training, dispose } = await trainingOn(vectors, options);
  const expected = (options.sampleRate ?? 1) * (options.size ?? options.rows?.count ?? vectors.length);
  const sums: number[][] = [];
  try {
    while (training.step < training.steps)
      sums.push((await flat(await training.next())).map((value) => value * expected));
  } finally {
    dispose();
  }
  return sums;
}

/** What a training leaves in memory, when it ends well or not. */
export async function tensorsLeft(work: () => Promise<unknown>): Promise<number> {
  const before = tf.memory().numTensors;
  await work().catch(() => undefined);
  return tf.memory().numTensors - before;
}

/** A journal that writes down what it is told, and answers as if a run had begun some batches before. */
export function journalOf(log: string[], begunSteps = 0): Journal {
  return {
    charged: (ledger) => log.push(`charged ${ledger.entries.length}`),
    released: () => log.push('released'),
    stored: () => undefined,
    begun: (index, step) => log.push(`begun ${index} ${step}`),
    begunSteps: () => begunSteps,
  };
}
