import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../lib/core/rng.js';
import { gaussian } from '../../lib/mechanisms/index.js';
import { embeddingQuery } from '../../lib/methods/embedding/embedding.js';
import { drawNtkNetwork } from '../../lib/methods/embedding/ntk-network.js';
import { tangentEmbedding } from '../../lib/methods/embedding/tangent-embedding.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { distance, mechanismsOn, negligible, twelve, type Toy } from './toy.js';

beforeAll(() => setupEngine());

/** Noise of a millionth and float32 leave this much of a distance. */
const rounding = 1e-4;

/** The check: without any one record of N, the mean of features of norm 1 is another one, by 1 / N. */
async function everyRecordCounts(release: (toy: Toy) => Promise<ArrayLike<number>>): Promise<boolean> {
  const whole = await release(twelve);
  const changes: number[] = [];
  for (const left of twelve.keys()) {
    const fewer = await release(twelve.filter((_, i) => i !== left));
    changes.push(distance(whole, fewer) * twelve.length);
  }
  return changes.every((change) => Math.abs(change - 1) < rounding);
}

describe('pitfall 16: every record counts once', () => {
  const plan = gaussian({ of: 'features', l2Sensitivity: 1 / 12, noiseMultiplier: negligible });
  const released = (batchSize: number) => async (toy: Toy) => {
    const shape = { height: 1, width: 1, channels: 1 };
    const network = drawNtkNetwork({ shape, widths: [5], outputs: 2 }, new SeededStream(1));
    const query = { ...embeddingQuery(tangentEmbedding(network)), batchSize };
    const { mechanisms } = mechanismsOn(toy, [plan], { size: 12 });
    return (await mechanisms.labelMeans('features', query)).value;
  };

  it('holds for the mean of tangent features, whatever the batches', async () => {
    for (const batchSize of [12, 5, 1]) expect(await everyRecordCounts(released(batchSize))).toBe(true);
  });

  it('fails for the mutation that leaves the loop over the data after the first batch', async () => {
    expect(await everyRecordCounts((toy) => released(5)(toy.slice(0, 5)))).toBe(false);
  });

  it('fails for the mutation that counts the first batch twice', async () => {
    expect(await everyRecordCounts((toy) => released(5)([...toy, ...toy.slice(0, 5)]))).toBe(false);
  });
});
