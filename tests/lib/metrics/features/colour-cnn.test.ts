import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { takeImages, type Images } from '../../../../lib/core/images.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { datasets } from '../../../../lib/data/datasets.js';
import { bilinear, box, resize } from '../../../../lib/data/resize.js';
import { colourCnn } from '../../../../lib/metrics/features/colour-cnn.js';
import { colouredDigits, hues } from '../../../../lib/metrics/features/coloured-digits.js';
import type { FeatureNetwork } from '../../../../lib/metrics/features/contract.js';
import { FeatureStore } from '../../../../lib/metrics/features/feature-store.js';
import { featureMoments, frechetDistance } from '../../../../lib/metrics/frechet.js';
import { setupEngine } from '../../../../lib/tensor/index.js';

/** Where no weights are kept yet they are trained: 15 s on two free cores. */
const trainingTime = 300_000;

let network: FeatureNetwork;
beforeAll(async () => {
  await setupEngine();
  network = await colourCnn.open();
}, trainingTime);

it('names both the digit and the hue of most pictures that it has not seen', async () => {
  const { images } = await datasets.loadPublic('mnist-10k');
  const rows = Array.from({ length: 1000 }, (_, i) => i);
  const pictures = colouredDigits(takeImages(images, rows), new SeededStream('unseen pictures'));
  const right = { digit: 0, hue: 0 };
  let at = 0;
  for await (const { rows, logits } of network.batches(pictures))
    for (let i = 0; i < rows; i++) {
      const ofRow = logits!.subarray(i * 10 * hues, (i + 1) * 10 * hues);
      const guess = ofRow.indexOf(Math.max(...ofRow));
      const label = pictures.labels[at++]!;
      if (guess % hues === label % hues) right.hue++;
      if (Math.floor(guess / hues) === Math.floor(label / hues)) right.digit++;
    }
  // By chance 100 and 125 of 1,000.
  expect(right.digit).toBeGreaterThan(500);
  expect(right.hue).toBeGreaterThan(700);
});

it('takes images of other sizes by the mean over the area', async () => {
  const data = Uint8Array.from({ length: 80 * 80 * 3 }, (_, i) => (i * 37) & 255);
  const large: Images = { data, count: 1, height: 80, width: 80, channels: 3 };
  const first = async (images: Images) => {
    for await (const { features } of network.batches(images)) return features;
    return undefined;
  };
  expect(await first(large)).toEqual(await first(resize(large, 32, 32, box)));
  expect(await first(large)).not.toEqual(await first(resize(large, 32, 32, bilinear)));
});

const file = join(process.env['DPBENCH_DATA'] ?? '', 'cifar-10-subset', 'data_batch_1.bin');
const here = process.env['DPBENCH_DATA'] !== undefined && existsSync(file);

describe.skipIf(!here)('FID of CIFAR-10 images (needs cifar-10-subset in DPBENCH_DATA)', () => {
  let real: Images;
  let other: Images;
  beforeAll(() => {
    const all = readCifar(file);
    const half = (which: number) =>
      takeImages(
        all,
        Array.from({ length: 700 }, (_, i) => 2 * i + which),
      );
    [real, other] = [half(0), half(1)];
  });

  const store = new FeatureStore(colourCnn);
  const distance = async (images: Images): Promise<number> => {
    const moments = async (of: Images) => featureMoments(await store.synthetic(of), 'synthetic');
    return frechetDistance(await moments(real), await moments(images));
  };

  it.each<[string, ((images: Images) => Images)[]]>([
    ['blurred', [blurred(1), blurred(2), blurred(4)]],
    ['noisy', [noisy(15), noisy(30), noisy(60)]],
    ['greyed', [greyed(0.25), greyed(0.5), greyed(1)]],
    ['red for green for blue', [turned(0.25), turned(0.5)]],
  ])('other images are nearest, and the more %s the farther', async (_, changes) => {
    const distances = [await distance(other)];
    for (const change of changes) distances.push(await distance(change(other)));
    for (let i = 1; i < distances.length; i++) expect(distances[i]!).toBeGreaterThan(1.3 * distances[i - 1]!);
  });
});

/** The official binary layout: a record is a label, then 1,024 red, 1,024 green and 1,024 blue bytes. */
function readCifar(path: string): Images {
  const bytes = readFileSync(path);
  const count = bytes.length / 3073;
  const data = Uint8Array.from({ length: count * 3072 }, (_, at) => {
    const [record, pixel, channel] = [Math.floor(at / 3072), Math.floor((at % 3072) / 3), at % 3];
    return bytes[record * 3073 + 1 + channel * 1024 + pixel]!;
  });
  return { data, count, height: 32, width: 32, channels: 3 };
}

/** Halved or so, and enlarged again. */
function blurred(strength: number) {
  const side = Math.round(32 / (1 + strength / 2));
  return (images: Images): Images => resize(resize(images, side, side, box), 32, 32, bilinear);
}

function noisy(deviation: number) {
  return (images: Images): Images => {
    const stream = new SeededStream(3);
    const moved = (value: number) => Math.min(255, Math.max(0, Math.round(value + deviation * stream.normal())));
    return { ...images, data: images.data.map(moved) };
  };
}

/** A share of the way to the grey of the same brightness. */
function greyed(share: number) {
  return mixed(share, (pixel) => {
    const brightness = 0.299 * pixel[0]! + 0.587 * pixel[1]! + 0.114 * pixel[2]!;
    return [brightness, brightness, brightness];
  });
}

/** A share of the way to the channels in another order. */
function turned(share: number) {
  return mixed(share, ([red, green, blue]) => [green!, blue!, red!]);
}

function mixed(share: number, colour: (pixel: Uint8Array) => number[]) {
  return (images: Images): Images => {
    const data = new Uint8Array(images.data.length);
    for (let at = 0; at < data.length; at += 3) {
      const pixel = images.data.subarray(at, at + 3);
      colour(pixel).forEach((value, c) => (data[at + c] = Math.round(pixel[c]! * (1 - share) + value * share)));
    }
    return { ...images, data };
  };
}
