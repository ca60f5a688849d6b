import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasets } from '../../lib/data/datasets.js';
import type { SensitiveImages } from '../../lib/mechanisms/index.js';

/** Some come in the package or are made here; the others are read where `DPBENCH_DATA` has them. */
const root = process.env['DPBENCH_DATA'];
const here = (name: string) =>
  ['mnist-10k', 'glyphs', 'noise'].includes(name) || (root !== undefined && existsSync(join(root, name)));

describe.each(datasets.names())('dataset %s', (name) => {
  it('says what it is', () => {
    const { title, licence, classes, shape } = datasets.describe(name);
    expect(title.length).toBeGreaterThan(10);
    expect(licence.length).toBeGreaterThan(2);
    expect(new Set(classes).size).toBe(classes.length);
    expect([1, 3]).toContain(shape.channels);
  });

  it.skipIf(!here(name))(`has the shape and classes that it declares (needs ${name} in DPBENCH_DATA)`, async () => {
    const { train, test, classes, shape } = await datasets.load(name);
    for (const part of [train, test]) {
      expect(part.facts).toMatchObject({ classes, shape });
      expect(part.size).toBeGreaterThanOrEqual(1000);
    }
    const { preview } = await import('../../lib/mechanisms/index.js');
    const rows = JSON.parse(JSON.stringify(preview(train, 2))) as { count: number; labels: Record<string, number> };
    expect(rows.count).toBe(2 * classes.length);
    expect(new Set(Object.values(rows.labels)).size).toBe(classes.length);
  });

  it.skipIf(!here(name))(`is the same every time (needs ${name} in DPBENCH_DATA)`, async () => {
    const { preview } = await import('../../lib/mechanisms/index.js');
    const draw = async () => JSON.stringify(preview((await datasets.load(name, { limit: 50, seed: 3 })).train, 1));
    expect(await draw()).toBe(await draw());
  });

  it.skipIf(!here(name))(`holds out the same records every time (needs ${name} in DPBENCH_DATA)`, async () => {
    const { preview } = await import('../../lib/mechanisms/index.js');
    const whole = await datasets.load(name);
    const [first, second] = [
      await datasets.load(name, { heldOut: 40 }),
      await datasets.load(name, { heldOut: 40, limit: 9 }),
    ];
    expect([first.train.size, first.validation?.size, second.train.size]).toEqual([whole.train.size - 40, 40, 9]);
    const rows = (part: SensitiveImages) => JSON.parse(JSON.stringify(preview(part, 40))) as { data: object };
    expect(rows(first.validation!)).toEqual(rows(second.validation!));
    expect(whole.validation).toBeUndefined();
    await expect(datasets.load(name, { heldOut: whole.train.size })).rejects.toThrow(
      `dp.datasets.load('${name}'): heldOut leaves nothing to train on; got ${whole.train.size}, expected less than ${whole.train.size}.`,
    );
  });
});

describe('a division', () => {
  it('puts every record in one part and none in both', async () => {
    const count = 60;
    const data = Uint8Array.from({ length: count }, (_, i) => i);
    const rows = { data, labels: new Uint8Array(count), count, height: 1, width: 1, channels: 1 };
    const shape = { height: 1, width: 1, channels: 1 };
    const definition = { id: 'sixty', title: 'sixty', licence: 'none', classes: ['a'], shape, public: false };
    datasets.define({ ...definition, read: () => Promise.resolve({ train: rows, test: rows }) });
    const { train, validation } = await datasets.load('sixty', { heldOut: 20 });
    const { measure } = await import('../../lib/mechanisms/index.js');
    const values = async (part: SensitiveImages) =>
      JSON.parse(JSON.stringify(await measure(part, 'bytes', ({ data }) => [...data]))) as number[];
    const all = [...(await values(train)), ...(await values(validation!))];
    expect(all.toSorted((a, b) => a - b)).toEqual([...data]);
  });
});
