/* eslint @typescript-eslint/no-unsafe-call: off, @typescript-eslint/restrict-plus-operands: off -- wrong on purpose */
/**
 * What must not compile. `npm run check` compiles this folder; a line under "@ts-expect-error" that did compile would turn
 * the check red. Nothing here runs.
 */
import type { LabeledImages } from '../../lib/core/images.js';
import type { MetricResult } from '../../lib/core/results.js';
import type { Dataset, PublicDataset } from '../../lib/data/contract.js';
import { dpMerf } from '../../lib/methods/dp-merf.js';
import type { FitContext } from '../../lib/methods/contract.js';
import { Diagnostic, evaluate, Ledger, run, SeededStream, Sensitive } from '../../lib/index.js';
import { derive, deriveAll, Mechanisms, type SensitiveImages } from '../../lib/mechanisms/index.js';

declare const dataset: Dataset;
declare const train: SensitiveImages;
declare const accuracy: MetricResult;
declare const other: MetricResult;
declare const context: FitContext<never>;
declare const mechanisms: Mechanisms;

export function readsRows(): void {
  // @ts-expect-error -- there is no such property: rows leave through mechanisms
  void train.rows;
  // @ts-expect-error -- nor this one
  void train.data;
  // @ts-expect-error -- a private field
  void train.#rows;
  // @ts-expect-error -- nor by its name
  void train['#rows'];
  // @ts-expect-error -- a sealed dataset is no list
  void train[0];
  // @ts-expect-error -- nor can be gone through
  for (const row of train) void row;
  // @ts-expect-error -- sealed data are no images
  const images: LabeledImages = train;
  void images;
  // @ts-expect-error -- rows are packed by `seal`, never unpacked by a class of one's own
  void class extends Sensitive<LabeledImages> {};
  // @ts-expect-error -- and no look-alike passes for sealed data
  const fake: SensitiveImages = { facts: train.facts, size: 1, toJSON: () => train.facts };
  void fake;
  // @ts-expect-error -- mechanisms do not hand out what they were given
  void mechanisms.sensitive;
  // @ts-expect-error -- a method gets mechanisms, not data
  void context.dataset;
}

export function choosesByTestAccuracy(): void {
  // @ts-expect-error -- no comparison with a number
  if (accuracy.value > 90) return;
  // @ts-expect-error -- no difference, so no sorting
  void [accuracy, other].sort((a, b) => a.value - b.value);
  // @ts-expect-error -- no maximum
  void Math.max(accuracy.value, other.value);
  // @ts-expect-error -- no sum
  void (accuracy.value + 1);
  // @ts-expect-error -- the value inside is private
  void accuracy.value.value;
  // @ts-expect-error -- a diagnostic is no number
  const score: number = accuracy.value;
  void score;
  const scores: readonly MetricResult[] = [accuracy, other];
  // @ts-expect-error -- candidates are chosen by counts that the mechanism takes itself, not by scores
  void mechanisms.noisyMax('classifier', { candidates: scores.map(({ value }) => value) });
}

export async function selectsByDiagnostics(): Promise<void> {
  // @ts-expect-error -- an epoch is not chosen by scores: a mechanism counts right answers itself
  void mechanisms.noisyMax('epoch', { candidates: [accuracy.value, other.value] });
  const part = accuracy.parts![0]!;
  // @ts-expect-error -- nor by the score of one classifier
  if (part.value > accuracy.parts![1]!.value + 1) return;
  // @ts-expect-error -- nor by the end of an interval
  void Math.max(accuracy.interval!.lower, 50);
  // @ts-expect-error -- how classifiers are selected is a word, not a score
  await evaluate({ images: 'gen.npz', dataset: 'mnist-10k', selection: accuracy.value });
  const base = { method: 'dp-merf', dataset: 'mnist-10k', epsilon: 1, selection: 'noisy' } as const;
  // @ts-expect-error -- nor does a score set the budget of a selection
  await run({ ...base, selectionEpsilon: accuracy.value });
  const score = (await evaluate({ images: 'gen.npz', dataset: 'mnist-10k' })).metrics['accuracy']!;
  // @ts-expect-error -- what was measured on the test set picks no run
  const best: number = score.value;
  void best;
}

export async function choosesAmongSealed(): Promise<void> {
  const sealed = await derive(train, () => [1, 2, 3]);
  // @ts-expect-error -- what is derived from private rows is as private as they are
  void sealed[0];
  // @ts-expect-error -- in any number
  void (await deriveAll([sealed], ([numbers]) => numbers![0]!)).valueOf().toFixed(1);
  // @ts-expect-error -- and the held-out records are sealed too
  void dataset.validation!.rows;
}

export async function passesSensitiveAsPublic(): Promise<void> {
  // @ts-expect-error -- a sensitive dataset is no public one
  const publicDataset: PublicDataset = dataset;
  void publicDataset;
  // @ts-expect-error -- neither are its sealed rows public images
  const images: PublicDataset = { name: 'mine', classes: dataset.classes, images: train };
  void images;
  // @ts-expect-error -- pre-training takes public data only
  void dpMerf.fit({ ...context, publicDataset: dataset });
  // @ts-expect-error -- real images are no synthetic ones
  await evaluate({ images: train, dataset: 'mnist-10k' });
}

export function makesNoiseFromASeed(): void {
  const options = { sensitive: train, plan: [], noiseMultiplier: 1, ledger: new Ledger({ delta: 1e-5 }) };
  // @ts-expect-error -- whoever knows the seed could subtract the noise
  void new Mechanisms({ ...options, noise: new SeededStream(1) });
  // @ts-expect-error -- nor a generator of one's own
  void new Mechanisms({ ...options, noise: { uniform: Math.random, normal: Math.random } });
}

export async function passesDiagnosticAsParameter(): Promise<void> {
  const base = { method: 'dp-merf', dataset: 'mnist-10k' } as const;
  // @ts-expect-error -- not as a budget
  await run({ ...base, epsilon: accuracy.value });
  // @ts-expect-error -- not as a seed
  await run({ ...base, epsilon: 1, seed: accuracy.value });
  // @ts-expect-error -- not as a parameter of a method
  await run({ ...base, epsilon: 1, params: { learningRate: accuracy.value } });
  // @ts-expect-error -- not as a number of samples
  await run({ ...base, epsilon: 1, samples: new Diagnostic(1000, 'size of a class') });
}
