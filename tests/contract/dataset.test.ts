import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasets } from '../../lib/data/datasets.js';

/** One set comes in the package; the others are read where `DPBENCH_DATA` has them. */
const root = process.env['DPBENCH_DATA'];
const here = (name: string) => name === 'mnist-10k' || (root !== undefined && existsSync(join(root, name)));

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
      expect(part.size).toBeGreaterThan(1000);
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
});
