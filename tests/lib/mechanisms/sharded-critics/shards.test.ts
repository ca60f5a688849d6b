import { describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../../../lib/core/images.js';
import { shardsByContent, shardsByPlace } from '../../../../lib/mechanisms/sharded-critics/shards.js';

const rows = (records: readonly (readonly [number, number])[]): LabeledImages => ({
  data: Uint8Array.from(records, ([value]) => value),
  labels: Uint8Array.from(records, ([, label]) => label),
  ...{ count: records.length, height: 1, width: 1, channels: 1 },
});

const records = Array.from({ length: 200 }, (_, i) => [i, i % 3] as const);
/** What lies in each shard. */
const contents = (shards: Uint32Array[], of: typeof records) =>
  shards.map((shard) => [...shard].map((row) => of[row]!.join()).sort());

describe('shards', () => {
  it('hold each record once', () => {
    for (const shards of [shardsByContent(rows(records), 7), shardsByPlace(rows(records), 7)]) {
      expect(shards).toHaveLength(7);
      expect(shards.flatMap((shard) => [...shard]).sort((a, b) => a - b)).toEqual(records.map((_, row) => row));
    }
  });

  it('by content: one record fewer, wherever it stood, changes one shard; the order of records and copies change none', () => {
    const whole = contents(shardsByContent(rows(records), 7), records);
    for (const gone of [0, 57, 199]) {
      const fewer = records.filter((_, row) => row !== gone);
      const shards = contents(shardsByContent(rows(fewer), 7), fewer);
      const changed = shards.filter((shard, k) => shard.join(' ') !== whole[k]!.join(' '));
      expect(changed).toHaveLength(1);
    }
    const turned = [...records].reverse();
    expect(contents(shardsByContent(rows(turned), 7), turned)).toEqual(whole);
    const twice = [...records, records[5]!];
    const holding = shardsByContent(rows(twice), 7).filter((shard) => shard.includes(5) || shard.includes(200));
    expect(holding).toHaveLength(1);
  });

  it('by content: the class is a part of the record', () => {
    const places = Array.from({ length: 20 }, (_, label) =>
      shardsByContent(rows([[9, label]]), 7).findIndex((shard) => shard.length === 1),
    );
    expect(new Set(places).size).toBeGreaterThan(1);
  });

  it('by place: an exchanged record changes one shard, and sizes differ by one at most', () => {
    const exchanged = records.map((record, row) => (row === 57 ? ([250, 2] as const) : record));
    const [before, after] = [records, exchanged].map((of) => contents(shardsByPlace(rows(of), 7), of));
    expect(before!.filter((shard, k) => shard.join(' ') !== after![k]!.join(' '))).toHaveLength(1);
    const sizes = before!.map(({ length }) => length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });
});
