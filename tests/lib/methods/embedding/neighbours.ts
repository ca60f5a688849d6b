import { takeImages, type LabeledImages } from '../../../../lib/core/images.js';
import { SecureStream, SeededStream } from '../../../../lib/core/rng.js';
import { Mechanisms, Sensitive, type PlannedRelease } from '../../../../lib/mechanisms/index.js';
import { Ledger } from '../../../../lib/privacy/index.js';

/** Noise so small that what is released is what was computed; repeatable, and therefore not private. */
export const negligible = 1e-6;

const records = 8;
const classes = ['a', 'b', 'c'];
const shape = { height: 2, width: 3, channels: 1 };

/** Eight records of 2 x 3 pixels: of random bytes, or black, white, with one bright pixel, and some of them twice. */
function drawRecords(stream: SeededStream): LabeledImages {
  const kinds = [() => stream.integer(256), () => 0, () => 255, () => (stream.integer(6) === 0 ? 255 : 0)];
  const data = new Uint8Array(records * 6);
  for (let i = 0; i < records; i++) {
    const pixel = kinds[stream.integer(kinds.length)]!;
    for (let j = 0; j < 6; j++) data[i * 6 + j] = pixel();
  }
  const labels = Uint8Array.from({ length: records }, () => stream.integer(classes.length));
  return { data, labels, count: records, ...shape };
}

/** The shape of the records, and their public facts. */
export const toyFacts = { name: 'toy', size: records, classes, shape };

/**
 * The largest L2 change of a release between neighbours: of `pairs` pairs of a dataset and the same without one record, each
 * through the mechanism with noise of a millionth; in units of the sensitivity that the plan declares.
 */
export async function largestChange(
  pairs: number,
  plan: PlannedRelease,
  release: (mechanisms: Mechanisms) => Promise<ArrayLike<number>>,
): Promise<number> {
  const stream = new SeededStream('neighbours');
  let largest = 0;
  const released = (rows: LabeledImages) => {
    const sensitive = Sensitive.seal(rows, toyFacts); // N is public, and the same for both
    const ledger = new Ledger({ delta: 1e-5, accountant: 'gdp' });
    const noise = new SecureStream(stream.integer(2 ** 31));
    return release(new Mechanisms({ sensitive, plan: [plan], noiseMultiplier: 1, ledger, noise }));
  };
  for (let i = 0; i < pairs / records; i++) {
    const rows = drawRecords(stream);
    const whole = await released(rows);
    for (let left = 0; left < records; left++) {
      const others = Array.from({ length: records }, (_, j) => j).filter((j) => j !== left);
      const fewer = await released(takeImages(rows, others));
      largest = Math.max(largest, Math.hypot(...Array.from(whole, (value, j) => value - fewer[j]!)));
    }
  }
  return largest / plan.sensitivity;
}
