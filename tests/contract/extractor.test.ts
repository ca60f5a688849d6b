import { beforeAll, describe, expect, it } from 'vitest';
import type { Images, ImageShape } from '../../lib/core/images.js';
import { SeededStream } from '../../lib/core/rng.js';
import { findPublishedFile } from '../../lib/data/published-file.js';
import type { FeatureNetwork } from '../../lib/metrics/features/contract.js';
import { features } from '../../lib/metrics/features/extractors.js';
import { setupEngine, tf } from '../../lib/tensor/index.js';

const shapes: ImageShape[] = [
  { height: 28, width: 28, channels: 1 },
  { height: 32, width: 32, channels: 3 },
  { height: 20, width: 24, channels: 1 },
];

/** Blots on grey of a grey of its own, no two alike. */
function blots(count: number, { height, width, channels }: ImageShape): Images {
  const stream = new SeededStream(6);
  const size = height * width * channels;
  const data = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) {
    data.fill(stream.integer(128), i * size, (i + 1) * size);
    for (let dots = 0; dots < size / 4; dots++) data[i * size + stream.integer(size)] = stream.integer(256);
  }
  return { data, count, height, width, channels };
}

async function collected(network: FeatureNetwork, images: Images, signal?: AbortSignal) {
  const [rows, logits]: Float32Array[][] = [[], []];
  const batches: number[] = [];
  for await (const batch of network.batches(images, signal)) {
    batches.push(batch.rows);
    const size = batch.features.length / batch.rows;
    for (let i = 0; i < batch.rows; i++) rows!.push(batch.features.slice(i * size, (i + 1) * size));
    if (batch.logits) logits!.push(batch.logits);
  }
  return { rows: rows!, logits: logits!.reduce((sum, { length }) => sum + length, 0), batches };
}

beforeAll(() => setupEngine());

it('no two extractors have the same name', () => {
  const names = features.all().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(features.all())('extractor $id', (extractor) => {
  const { id, name, size, classes, weights } = extractor;
  const shape = shapes.find((some) => extractor.accepts(some))!;

  it('says what it is', () => {
    expect(name.startsWith(`${id} `)).toBe(true);
    expect(name).toContain(`${size} features`);
    expect(extractor.preprocessing.length).toBeGreaterThan(10);
    expect(extractor.source.length).toBeGreaterThan(5);
    expect(shape).toBeDefined();
  });

  it('refuses images of two channels', () => {
    const strange = { height: 28, width: 28, channels: 2 };
    expect(extractor.accepts(strange)).toBe(false);
    expect(() => features.forShape(strange, id)).toThrow(
      `features '${id}': not made for such images; got '28 x 28 x 2', expected one of your own (dp.features.define)`,
    );
    expect(features.forShape(shape, id)).toBe(extractor);
  });

  const absent = weights !== undefined && findPublishedFile(weights) === undefined;
  const needs = weights ? ` (needs ${weights.name} in DPBENCH_DATA/weights)` : '';
  describe.skipIf(absent)(`its network${needs}`, () => {
    // More than a batch of the networks that are quick.
    const images = blots(weights ? 40 : 600, shape);
    let network: FeatureNetwork;
    // Where no weights are kept yet they are trained: 15 s on two free cores.
    beforeAll(async () => {
      network = await extractor.open();
    }, 300_000);

    it('is opened once and has a checksum', async () => {
      expect(await extractor.open()).toBe(network);
      expect(network.checksum).toMatch(/^[0-9a-f]{64}$/);
    });

    it('gives features and logits of the sizes that it declares, batch by batch in order, and leaves no tensor', async () => {
      const before = tf.memory().numTensors;
      const { rows, logits, batches } = await collected(network, images);
      expect(tf.memory().numTensors).toBe(before);
      expect(batches.length).toBeGreaterThan(1);
      expect(rows).toHaveLength(images.count);
      expect(rows.every((row) => row.length === size && row.every(Number.isFinite))).toBe(true);
      expect(logits).toBe(images.count * (classes ?? 0));
      const bytes = shape.height * shape.width * shape.channels;
      for (const i of [0, images.count - 1]) {
        const alone = { ...images, data: images.data.slice(i * bytes, (i + 1) * bytes), count: 1 };
        const [row] = (await collected(network, alone)).rows;
        const largest = Math.max(...row!.map(Math.abs));
        // Sums in float32, in another order for another number of rows.
        row!.forEach((value, j) => expect(Math.abs(value - rows[i]![j]!)).toBeLessThan(1e-5 * largest));
      }
    });

    it('gives the same again, and something else for other images', async () => {
      const few = { ...images, data: images.data.slice(0, 4 * (images.data.length / images.count)), count: 4 };
      const { rows } = await collected(network, few);
      expect((await collected(network, few)).rows).toEqual(rows);
      expect(rows[0]).not.toEqual(rows[1]);
    });

    it('gives nothing for no images', async () => {
      const none = { ...images, data: new Uint8Array(0), count: 0 };
      expect((await collected(network, none)).batches).toEqual([]);
    });

    it('stops when it is aborted, and leaves no tensor', async () => {
      const before = tf.memory().numTensors;
      const controller = new AbortController();
      const seen: number[] = [];
      const ended = (async () => {
        for await (const { rows } of network.batches(images, controller.signal)) {
          seen.push(rows);
          controller.abort(new Error('enough'));
        }
      })();
      await expect(ended).rejects.toThrow('enough');
      expect(seen).toHaveLength(1);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
