import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { takeImages, type LabeledImages } from '../../../lib/core/images.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { evaluate } from '../../../lib/bench/evaluate.js';
import { memorisation } from '../../../lib/bench/memorisation.js';
import { npz } from '../../../lib/bench/npz.js';
import { datasets } from '../../../lib/data/datasets.js';
import { Ledger } from '../../../lib/privacy/index.js';
import { setupEngine } from '../../../lib/tensor/index.js';

let digits: LabeledImages;
let file: string;
beforeAll(async () => {
  await setupEngine();
  const { images } = await datasets.loadPublic('mnist-10k');
  digits = takeImages(
    images,
    Array.from({ length: 240 }, (_, i) => i),
  );
  file = join(await mkdtemp(join(tmpdir(), 'dpbench-evaluate-')), 'gen.npz');
  const x = { data: Float32Array.from(digits.data, (byte) => byte / 255), shape: [240, 1, 28, 28] };
  await writeFile(file, npz({ x, y: { data: Int32Array.from(digits.labels), shape: [240] } }));
});

const options = { dataset: 'mnist-10k', scale: 'smoke', metrics: ['fid'] } as const;

describe('dp.evaluate', () => {
  it('gives the same for bytes, floats and a file, and names the file', async () => {
    const { labels, ...unlabelled } = digits;
    const floats = { data: Float64Array.from(digits.data, (byte) => byte / 255), shape: [240, 28, 28, 1] };
    const results = [
      await evaluate({ ...options, images: digits }),
      await evaluate({ ...options, images: unlabelled, labels }),
      await evaluate({ ...options, images: floats, labels: [...labels] }),
      await evaluate({ ...options, images: file }),
    ];
    const values = results.map(({ metrics }) => JSON.stringify(metrics['fid']!.value));
    expect(new Set(values).size).toBe(1);
    expect(results.map(({ name }) => name)).toEqual(['images', 'images', 'images', file]);
    expect(JSON.parse(JSON.stringify(results[3]))).toMatchObject({ name: file, samples: 240, dataset: 'mnist-10k' });
    const bundle = await results[0]![displaySymbol]();
    expect(bundle['text/plain']).toContain('images against mnist-10k, smoke scale');
    expect(results[0]!.metrics['fid']).toMatchObject({
      features: expect.stringContaining('digit-cnn') as string,
      extractor: { checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string, preprocessing: 'bytes divided by 255' },
    });
  });

  it('says what it changed in images of another shape', async () => {
    const images = { data: new Uint8Array(2 * 14 * 14 * 3).fill(90), count: 2, height: 14, width: 14, channels: 3 };
    images.data[0] = 200;
    const { changes, images: scored } = await evaluate({ ...options, metrics: [], images, labels: [0, 1] });
    expect(changes).toEqual(['resized from 14 x 14 to 28 x 28, nearest pixel', 'made grey by luma']);
    expect(scored).toMatchObject({ height: 28, width: 28, channels: 1 });
    expect([...scored.data.subarray(0, 3)]).toEqual([123, 123, 90]); // 0.299 * 200 + 0.701 * 90, twice as wide
  });

  it('refuses what it cannot score, before any work', async () => {
    const { labels: _labels, ...unlabelled } = digits;
    const bad: [object, string][] = [
      [{ images: unlabelled }, 'dp.evaluate: the images have no labels; expected one label an image'],
      [
        { images: { ...digits, labels: digits.labels.map(() => 10) } },
        'a label is no class of the dataset; got 10, expected 0 to 9',
      ],
      [{ images: 7 }, 'dp.evaluate: these are no images; got 7'],
      [{ images: takeImages(digits, []) }, 'dp.evaluate: there are no images; got 0'],
      [{ images: digits, dataset: 'mnsit' }, "dataset: no such name; got 'mnsit'"],
      [{ images: digits, features: 'digit-cn' }, "Did you mean 'digit-cnn'?"],
      [{ images: digits, selection: 'noizy' }, "selection has no such value; got 'noizy'"],
      [{ images: digits, selection: 'noisy' }, "the selection 'noisy' spends budget, and selectionEpsilon is missing"],
      [{ images: digits, selectionEpsilon: 1 }, "selectionEpsilon has no use with the selection 'synthetic'"],
      [{ images: digits, heldOut: 0 }, 'heldOut is out of range; got 0'],
      [{ images: digits, metrics: 'fid' }, "metrics: no list of names; got 'fid'"],
      [{ images: digits, ledger: { record: () => 0 } }, 'dp.evaluate: ledger is no ledger'],
      [{ images: digits, seed: -1.5 }, 'seed is out of range; got -1.5'],
      [{ images: { ...digits, labels: undefined } }, 'the images have no labels'],
      [{ images: { shape: [1] }, labels: [0] }, 'these are no images'],
      [{ images: { data: [], shape: 784 } }, 'these are no images; got 784'],
      [{ images: digits, metrisc: [] }, "Did you mean 'metrics'?"],
      [{ images: '/absent.npz' }, '/absent.npz: there is no such file or folder'],
    ];
    for (const [given, words] of bad) await expect(evaluate({ ...options, ...given } as never)).rejects.toThrow(words);
  });

  it('leaves out what needs more images than there are, unless it was asked for', async () => {
    const two = takeImages(digits, [0, 200]);
    const found = await evaluate({ dataset: 'mnist-10k', scale: 'smoke', images: two });
    expect(Object.keys(found.metrics)).toContain('fid');
    expect(Object.keys(found.metrics)).not.toContain('recall');
    await expect(evaluate({ ...options, metrics: ['recall'], images: two })).rejects.toThrow('metric recall: ');
    const one = await evaluate({ dataset: 'mnist-10k', scale: 'smoke', images: takeImages(digits, [0]) });
    expect(Object.keys(one.metrics)).not.toContain('fid');
  });

  it('charges a noisy selection to its own ledger and to a common one, before it is made', async () => {
    const common = new Ledger({ delta: 1e-5, dataset: 'mnist-10k' });
    const noisy = { selection: 'noisy', selectionEpsilon: 0.5, ledger: common } as const;
    const found = await evaluate({ ...options, ...noisy, metrics: ['accuracy'], images: digits });
    expect(found.ledger?.spent().upper).toBeCloseTo(0.5, 3);
    expect(found.ledger?.entries[0]).toMatchObject({ of: 'epoch of small-cnn', mechanism: 'noisy-max' });
    expect(common.entries.map(({ run }) => run)).toEqual(common.entries.map(() => 'selection of classifiers'));
    expect(common.spent().upper).toBe(found.ledger?.spent().upper);
    expect(found.metrics['accuracy']).toMatchObject({ variant: 'selection: noisy' });
    const spent = new Ledger({ delta: 1e-5, dataset: 'mnist-10k', epsilonTarget: 0.1 });
    await expect(
      evaluate({ ...options, ...noisy, ledger: spent, metrics: ['accuracy'], images: digits }),
    ).rejects.toThrow('the release would exceed the budget, so it was not made');
  });

  it('says that the reference selection is biased', async () => {
    const biased = { selection: 'reference', heldOut: 300 } as const;
    const found = await evaluate({ ...options, ...biased, metrics: ['accuracy'], images: digits });
    expect(found.metrics['accuracy']!.biased).toContain('300 held-out sensitive records without noise');
    expect((await found[displaySymbol]())['text/plain']).toContain('BIASED: ');
    expect(found.ledger).toBeUndefined();
  });
});

describe('dp.memorisation', () => {
  it('finds copies of training images, and none among others', async () => {
    const about = { dataset: 'mnist-10k', count: 2, neighbours: 3, most: 120 } as const;
    const copies = await memorisation({ ...about, images: digits });
    const summary = (found: object) =>
      JSON.parse(JSON.stringify(found)) as {
        distances: Record<'synthetic' | 'test', { median: number }>;
        closest: number[];
      };
    expect(summary(copies).closest).toEqual([expect.closeTo(0, 3), expect.closeTo(0, 3)]);
    expect(summary(copies).distances.synthetic.median).toBeLessThan(1e-3);
    expect(summary(copies).distances.test.median).toBeGreaterThan(0.1);
    expect(String(copies)).toContain('100 % of the synthetic images lie closer');
    expect(String(copies)).toContain('(diagnostic: computed from private data without noise');
    expect(JSON.stringify(copies)).toContain('"about":"diagnostic');
    const bundle = await copies[displaySymbol]();
    expect(bundle['text/html']).toContain('shown without protection');
    const snow = { ...digits, data: digits.data.map((_, i) => (i * 7919) % 256) };
    const others = await memorisation({ ...about, images: snow });
    expect(String(others)).toContain('\n0 % of the synthetic images lie closer');
    await expect(memorisation({ ...about, images: digits, most: 0 })).rejects.toThrow('most is out of range; got 0');
  });
});
