import { takeImages, type LabeledImages } from '../../core/images.js';
import { OptionError } from '../../core/errors.js';
import { SeededStream } from '../../core/rng.js';
import type { Dataset } from '../../data/contract.js';
import { derive, deriveAll, type Mechanisms, type Sensitive } from '../../mechanisms/index.js';
import { fitClassifier, type ClassifierEpoch } from '../../nn/classifiers/fit-classifier.js';
import { rightOn, shareRight, type Right, type TrainedClassifier } from '../../nn/classifiers/trained-classifier.js';
import { countOf, grades, type Grades } from './graded.js';
import type { Selection } from './selection.js';
import { epochOf } from './selection-releases.js';
import type { UtilityClassifier } from './utility-classifiers.js';

interface ProtocolContext {
  readonly synthetic: LabeledImages;
  readonly dataset: Dataset;
  readonly classifiers: readonly UtilityClassifier[];
  readonly selection: Selection;
  readonly seed: number;
  /** For `noisy`: mechanisms on held-out records with one choice planned for each classifier. */
  readonly heldOut?: Mechanisms | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Epochs of a classifier among which a mechanism may choose: the best on held-out synthetic images. It bounds memory. */
const mostCandidates = 8;

/**
 * Trains each classifier on eleven twelfths of the synthetic images (55,000 of 60,000), chooses an epoch of each, and grades it on
 * the sensitive test set. What comes back is sealed: `measure` opens it for people.
 *
 * A choice never sees the test set. In `reference`, which does as published tables were made, everything that the choice looks at
 * stays sealed, so that nothing but the score can depend on it.
 */
export async function utility(context: ProtocolContext): Promise<Sensitive<Grades>> {
  const { synthetic, classifiers, selection, seed, signal } = context;
  const stream = new SeededStream(seed).fork('accuracy');
  const { fitted, heldOut } = split(synthetic, stream.fork('split'));
  const graded: Sensitive<Right>[] = [];
  for (const preset of classifiers) {
    const own = stream.fork(preset.id);
    const epochs = new Epochs(context, heldOut);
    try {
      const options = { stream: own, task: `training ${preset.id} on the synthetic images`, signal };
      const last = await fitClassifier(preset.network, fitted, preset.recipe, {
        ...options,
        onEpoch: (epoch) => epochs.see(epoch),
      });
      graded.push(await epochs.chosen(preset.id, last).finally(() => last.dispose()));
    } finally {
      epochs.dispose();
    }
  }
  const [first, ...rest] = graded;
  if (!first) throw new OptionError({ asked: `selection '${selection}'`, wrong: 'there is no classifier' });
  return deriveAll([first, ...rest], (all) => grades(all, stream.fork('bootstrap')));
}

/** Eleven twelfths to train on; the rest chooses among epochs. */
function split(synthetic: LabeledImages, stream: SeededStream) {
  const order = stream.permutation(synthetic.count);
  const cut = Math.min(synthetic.count - 1, Math.round((synthetic.count * 11) / 12));
  if (cut < 1)
    throw new OptionError({
      asked: 'accuracy',
      wrong: 'too few synthetic images to train on some and choose by others',
      got: synthetic.count,
      expected: 'at least 2',
    });
  return { fitted: takeImages(synthetic, order.subarray(0, cut)), heldOut: takeImages(synthetic, order.subarray(cut)) };
}

/** The epochs of one classifier, seen one after the other, and the choice among them. */
class Epochs {
  /** The best on held-out synthetic images so far, in the order of epochs. */
  #candidates: { readonly classifier: TrainedClassifier; readonly score: number }[] = [];
  /** For `reference` with held-out records: how each epoch did on these and on the test set. */
  readonly #sealed: { readonly validation: Sensitive<Right>; readonly test: Sensitive<Right> }[] = [];

  constructor(
    readonly context: ProtocolContext,
    readonly heldOutImages: LabeledImages,
  ) {}

  async see({ predict, snapshot }: ClassifierEpoch): Promise<void> {
    const { selection, dataset } = this.context;
    if (selection === 'final') return;
    if (selection === 'reference' && dataset.validation) {
      const validation = await derive(dataset.validation, (rows) => rightOn(predict, rows));
      this.#sealed.push({ validation, test: await derive(dataset.test, (rows) => rightOn(predict, rows)) });
      return;
    }
    const score = await shareRight(predict, this.heldOutImages);
    const most = selection === 'noisy' ? mostCandidates : 1;
    this.#candidates.push({ classifier: snapshot(), score });
    if (this.#candidates.length <= most) return;
    // Of equals the earlier one goes.
    const worst = this.#candidates.reduce((low, one) => (one.score < low.score ? one : low));
    worst.classifier.dispose();
    this.#candidates = this.#candidates.filter((one) => one !== worst);
  }

  /** How the chosen epoch does on the test set. */
  async chosen(id: string, last: TrainedClassifier): Promise<Sensitive<Right>> {
    const { selection, dataset, heldOut } = this.context;
    const onTest = ({ classes }: TrainedClassifier) => derive(dataset.test, (rows) => rightOn(classes, rows));
    if (selection === 'final') return onTest(last);
    if (this.#sealed.length > 0) return this.#bestOnValidation();
    if (selection !== 'noisy') return onTest(this.#candidates[0]!.classifier);
    if (!heldOut)
      throw new OptionError({
        asked: "selection 'noisy'",
        wrong: 'there are no mechanisms on held-out records',
        expected: 'dp.run or dp.evaluate with { selection, selectionEpsilon }',
      });
    const candidates = this.#candidates.map(({ classifier }) => classifier.classes);
    const place = await heldOut.noisyMax(epochOf(id), { candidates });
    return onTest(this.#candidates[place.value]!.classifier);
  }

  /** The test answers of the epoch with most right answers on held-out records; of equals the later one. */
  #bestOnValidation(): Promise<Sensitive<Right>> {
    const [first, ...rest] = this.#sealed.flatMap(({ validation, test }) => [validation, test]);
    return deriveAll([first!, ...rest], (all) => {
      let best = 0;
      for (let epoch = 2; epoch < all.length; epoch += 2) if (countOf(all[epoch]!) >= countOf(all[best]!)) best = epoch;
      return all[best + 1]!;
    });
  }

  dispose(): void {
    for (const { classifier } of this.#candidates) classifier.dispose();
    this.#candidates = [];
  }
}
