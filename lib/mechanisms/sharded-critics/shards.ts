import { createHash } from 'node:crypto';
import type { LabeledImages } from '../../core/images.js';
import { SeededStream } from '../../core/rng.js';

/**
 * Rows divided among critics by what they are: a record lies in the shard that its own bytes say, whatever the others are, so
 * that one record more or fewer changes one shard. Copies of a record lie in one shard.
 */
export function shardsByContent(rows: LabeledImages, count: number): Uint32Array[] {
  const size = rows.height * rows.width * rows.channels;
  return divided(rows.count, count, (row) => {
    const hash = createHash('sha256').update(rows.data.subarray(row * size, (row + 1) * size));
    return (
      hash
        .update(rows.labels.subarray(row, row + 1))
        .digest()
        .readUInt32LE() % count
    );
  });
}

/**
 * Rows divided among critics by their places, in shards that differ by one row at most: exchanging a record changes one shard.
 * The division is public.
 */
export function shardsByPlace(rows: LabeledImages, count: number): Uint32Array[] {
  const order = new SeededStream('shards').permutation(rows.count);
  return divided(rows.count, count, (row) => order[row]! % count);
}

function divided(rows: number, count: number, shardOf: (row: number) => number): Uint32Array[] {
  const shards: number[][] = Array.from({ length: count }, () => []);
  for (let row = 0; row < rows; row++) shards[shardOf(row)]!.push(row);
  return shards.map((shard) => Uint32Array.from(shard));
}
