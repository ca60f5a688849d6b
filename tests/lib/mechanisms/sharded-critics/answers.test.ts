import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { clippedAnswers } from '../../../../lib/mechanisms/sharded-critics/answers.js';
import { denseCritics } from '../../../../lib/nn/critics/dense-critics.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 2, width: 2, channels: 1 };
const critics = denseCritics({ shape, classes: 2, hidden: 3 });
const clipNorm = 0.7;

describe('clipped answers of critics', () => {
  it('move by 2 clipNorm at most when one critic changes in any way: 1,000 pairs', { timeout: 60_000 }, async () => {
    const group = critics.newGroup(2, new SeededStream(1));
    const names = Object.keys(group.parameters);
    const shapes = Object.values(group.parameters).map(({ shape }) => shape);
    const graph = clippedAnswers({ critics }, [names, []], { size: 2, clipNorm });
    const stream = new SeededStream('pairs');
    const [images, labels] = [tf.randomUniform([3, 2, 2, 1], 0, 1, 'float32', 4), tf.eye(2).tile([2, 1]).slice(0, 3)];
    const half = (scale: number) =>
      shapes.map(([, ...rest]) => {
        const values = new Float32Array(rest.reduce((a, b) => a * b, 1));
        if (Number.isFinite(scale)) stream.fillNormal(values, scale);
        else values.fill(scale);
        return tf.tensor(values, rest);
      });
    const answer = async (first: Tensor[], second: Tensor[]) => {
      const weights = first.map((tensor, i) => tf.stack([tensor, second[i]!]));
      const [answers] = graph.run([...weights, images, labels]);
      const values = await answers!.data();
      tf.dispose([...weights, answers!]);
      return Array.from({ length: values.length / 2 }, (_, i) => values[i]! + values[values.length / 2 + i]!);
    };
    // Small, large, too large for float32 once squared, not finite, and nothing at all.
    const scales = [0.1, 1, 100, 1e25, NaN, Infinity, 0];
    const second = half(1);
    let largest = 0;
    for (let pair = 0; pair < 1000; pair++) {
      const of = () => half(scales[stream.integer(scales.length)]!);
      const [one, other] = [of(), of()];
      // Every third pair turns its critic round: the farthest that it can go.
      if (pair % 3 === 0) other.forEach((tensor, i) => (tensor.dispose(), (other[i] = turned(one[i]!, names[i]!))));
      const [before, after] = [await answer(one, second), await answer(other, second)];
      expect(before.every(Number.isFinite)).toBe(true);
      largest = Math.max(largest, Math.hypot(...before.map((value, i) => value - after[i]!)));
      tf.dispose([...one, ...other]);
    }
    expect(largest).toBeLessThanOrEqual(2 * clipNorm * (1 + 1e-6));
    expect(largest).toBeGreaterThan(2 * clipNorm * 0.9999); // and the bound is reached
    tf.dispose([...second, images, labels]);
    group.dispose();
    graph.dispose();
  });
});

/** The weights of the critic that scores minus what this one does. */
function turned(weight: Tensor, name: string): Tensor {
  return name === 'label' || name === 'score' ? weight.neg() : weight.clone();
}
