import { beforeAll, describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../lib/core/images.js';
import { SecureStream } from '../../lib/core/rng.js';
import { derive, Mechanisms, noisyMax } from '../../lib/mechanisms/index.js';
import { utility } from '../../lib/metrics/utility/protocol.js';
import { selections, type Selection } from '../../lib/metrics/utility/selection.js';
import { epochOf } from '../../lib/metrics/utility/selection-releases.js';
import { fitClassifier } from '../../lib/nn/classifiers/fit-classifier.js';
import { rightOn } from '../../lib/nn/classifiers/trained-classifier.js';
import { Ledger } from '../../lib/privacy/index.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { classifiers, datasetOf, twoShades } from '../lib/metrics/utility/two-shades.js';

/**
 * Pitfall 21: the best classifier, epoch or checkpoint is picked on sensitive test data. Held by types (`tests/types`: a
 * `Diagnostic` cannot choose) and here: the protocol reads the test set only to grade what is chosen already, reads held-out
 * records only where a mechanism has been charged, and the one biased mode keeps what it looked at sealed and says what it does.
 */
beforeAll(() => setupEngine());

/** Rows that note when their labels are read, which every accuracy needs. */
function watched(rows: LabeledImages, note: () => void): LabeledImages {
  const { labels } = rows;
  return Object.defineProperty({ ...rows }, 'labels', {
    get() {
      note();
      return labels;
    },
  });
}

type Protocol = typeof utility;

/** What happened, in order: `test`, `held out` (a read), `charged` (before it), once for each stretch. */
async function eventsOf(protocol: Protocol, selection: Selection): Promise<string[]> {
  const events: string[] = [];
  const note = (what: string) => () => events.at(-1) !== what && events.push(what);
  const dataset = datasetOf({
    test: watched(twoShades(40, 3), note('test')),
    validation: watched(twoShades(40, 4), note('held out')),
  });
  const ledger = new Ledger({ delta: 1e-5 });
  const record = ledger.record.bind(ledger);
  const charging = Object.assign(Object.create(ledger) as Ledger, {
    record: (line: Parameters<typeof record>[0]) => (events.push('charged'), record(line)),
  });
  const plan = classifiers.map(({ id }) => noisyMax({ of: epochOf(id), epsilon: 1 }));
  const entries = { get: () => ledger.entries };
  Object.defineProperty(charging, 'entries', entries);
  const heldOut = new Mechanisms({
    ...{ sensitive: dataset.validation!, plan, noiseMultiplier: NaN, ledger: charging, noise: new SecureStream(1) },
  });
  const one = classifiers.map((classifier) => ({
    ...classifier,
    get network() {
      events.push('training');
      return classifier.network;
    },
  }));
  await protocol({ synthetic: twoShades(60, 2), dataset, classifiers: one, selection, seed: 0, heldOut });
  return events;
}

/** The mutation: after each epoch the test set says how well it did, and the best epoch is kept. */
const choosesOnTheTestSet: Protocol = async ({ synthetic, dataset, classifiers: presets }) => {
  for (const preset of presets) {
    const { network } = preset;
    let epoch = 0;
    const last = await fitClassifier(network, synthetic, preset.recipe, {
      stream: new (await import('../../lib/core/rng.js')).SeededStream(0),
      task: 'cheating',
      onEpoch: async ({ predict }) => {
        await derive(dataset.test, (rows) => rightOn(predict, rows));
        if (++epoch < preset.recipe.epochs) await derive(dataset.validation!, (rows) => rightOn(predict, rows));
      },
    });
    last.dispose();
  }
  return utility({ synthetic, dataset, classifiers: presets, selection: 'final', seed: 0 });
};

const graded = ['training', 'test', 'training', 'test'];
const allowed: Record<Exclude<Selection, 'reference'>, string[]> = {
  synthetic: graded,
  final: graded,
  noisy: ['training', 'charged', 'held out', 'test', 'training', 'charged', 'held out', 'test'],
};

describe('selection needs a mechanism', () => {
  it.each(['synthetic', 'final', 'noisy'] as const)(
    '%s reads the test set once, after the choice',
    async (selection) => {
      expect(await eventsOf(utility, selection)).toEqual(allowed[selection]);
    },
  );

  it('the mutation, which chooses on the test set, is found', async () => {
    for (const selection of ['synthetic', 'final', 'noisy'] as const)
      expect(await eventsOf(choosesOnTheTestSet, selection)).not.toEqual(allowed[selection]);
  });

  it('only the biased mode reads private rows while it trains, and there is no other', async () => {
    const events = await eventsOf(utility, 'reference');
    expect(events.filter((event) => event === 'test').length).toBeGreaterThan(2);
    expect(events).not.toContain('charged');
    expect(selections).toEqual(['synthetic', 'noisy', 'reference', 'final']);
  });
});
