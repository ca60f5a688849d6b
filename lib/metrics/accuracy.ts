import type { MetricResult, ScorePart } from '../core/results.js';
import { derive, measure } from '../mechanisms/index.js';
import { openSpread } from './bootstrap.js';
import type { Metric, MetricContext } from './contract.js';
import { utility } from './utility/protocol.js';
import type { Selection } from './utility/selection.js';
import { utilityClassifiers } from './utility/utility-classifiers.js';

/**
 * Accuracy on the real test set of classifiers trained on the synthetic images only: the mean over the classifiers. The best
 * one is a part under its own name; it is the value only in the selection `reference`, which says that it is biased.
 */
export const accuracy: Metric<'accuracy'> = {
  id: 'accuracy',
  title: 'Accuracy of classifiers trained on the synthetic images',
  unit: '%',
  better: 'higher',
  leastSamples: 2,
  source: 'DPImageBench, arXiv 2503.14681, section on utility; smaller networks below paper scale',
  async evaluate(context) {
    const { synthetic, dataset, scale, seed, signal, heldOut, selection = 'synthetic' } = context;
    const classifiers = utilityClassifiers(scale, dataset);
    const sealed = await utility({ synthetic, dataset, classifiers, selection, seed, heldOut, signal });
    const of = `accuracy on ${dataset.test.facts.name}`;
    const isReference = selection === 'reference';
    const spread = await derive(sealed, ({ spreadMean, spreadBest }) => (isReference ? spreadBest : spreadMean));
    const part = async (
      name: string,
      pick: (all: { each: readonly number[]; deviation: number; best: number }) => number,
    ) => ({ name, value: await measure(sealed, `${of}, ${name}`, pick) }) satisfies ScorePart;
    const parts: ScorePart[] = [];
    for (const [i, { id }] of classifiers.entries()) parts.push(await part(id, ({ each }) => each[i]!));
    if (classifiers.length > 1) {
      parts.push(await part('standard deviation over classifiers', ({ deviation }) => deviation));
      parts.push(await part(`best of ${classifiers.length}, chosen on the test set (biased)`, ({ best }) => best));
    }
    const { id, title, unit, better } = accuracy;
    return {
      ...{ metric: id, title, unit, better, samples: synthetic.count, parts },
      ...(await openSpread(spread, of, 'bootstrap over the test records, 200 draws')),
      ...wordsOf(selection, context, classifiers.length),
    };
  },
};

/** How the score came about, for readers. */
function wordsOf(
  selection: Selection,
  { dataset }: MetricContext,
  count: number,
): Pick<MetricResult, 'notes' | 'variant' | 'biased'> {
  const variant = `selection: ${selection}`;
  const mean = count > 1 ? `mean of ${count} classifiers, ` : '';
  const heldOut = dataset.validation && `${dataset.validation.size} held-out sensitive records`;
  if (selection === 'synthetic') return { notes: [`${mean}epochs chosen on held-out synthetic images`] };
  if (selection === 'final') return { variant, notes: [`${mean}last epochs, nothing chosen`] };
  if (selection === 'noisy')
    return {
      variant,
      notes: [`${mean}epochs chosen by report-noisy-max on ${heldOut}, which the ledger was charged for`],
    };
  const reference = `${variant}, ${heldOut ? 'epochs by held-out sensitive records' : 'epochs by synthetic images'}, best of ${count}`;
  const by = heldOut ? `${heldOut} without noise` : 'held-out synthetic images';
  if (!heldOut && count === 1) return { variant, notes: ['epochs chosen on held-out synthetic images'] };
  const best = count > 1 ? `, then the best of ${count} classifiers on the sensitive test set` : '';
  const biased = `epochs chosen on ${by}${best}: as published tables were made; no epsilon covers the choice, and it flatters`;
  return { variant: reference, biased, notes: [] };
}
