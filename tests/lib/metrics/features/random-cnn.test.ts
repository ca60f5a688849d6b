import { beforeAll, expect, it } from 'vitest';
import type { Images } from '../../../../lib/core/images.js';
import type { FeatureNetwork } from '../../../../lib/metrics/features/contract.js';
import { randomCnn } from '../../../../lib/metrics/features/random-cnn.js';
import type { NetworkParameters } from '../../../../lib/nn/parameters.js';
import { setupEngine } from '../../../../lib/tensor/index.js';

let network: FeatureNetwork & { readonly parameters: NetworkParameters };
beforeAll(async () => {
  await setupEngine();
  network = (await randomCnn.open()) as typeof network;
});

const image: Images = {
  data: Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => (i * 71) & 255),
  count: 1,
  height: 5,
  width: 4,
  channels: 3,
};

async function featuresOf(images: Images): Promise<Float32Array> {
  for await (const { features } of network.batches(images)) return features;
  return new Float32Array(0);
}

type Picture = number[][][]; // [height][width][channels]

/** A 3 x 3 convolution with zeros around the picture and a ReLU; `kernel` is `[3, 3, inputs, outputs]` row by row. */
function convolved(picture: Picture, kernel: ArrayLike<number>, outputs: number): Picture {
  const inputs = picture[0]![0]!.length;
  const at = (y: number, x: number, c: number) => picture[y]?.[x]?.[c] ?? 0;
  return picture.map((line, y) =>
    line.map((_, x) =>
      Array.from({ length: outputs }, (_, o) => {
        let sum = 0;
        for (let dy = 0; dy < 3; dy++)
          for (let dx = 0; dx < 3; dx++)
            for (let c = 0; c < inputs; c++)
              sum += at(y + dy - 1, x + dx - 1, c) * kernel[((dy * 3 + dx) * inputs + c) * outputs + o]!;
        return Math.max(0, sum);
      }),
    ),
  );
}

/** The mean of each 2 x 2 pixels, or of as many as there are at the edge. */
function halved(picture: Picture): Picture {
  const [height, width, channels] = [picture.length, picture[0]!.length, picture[0]![0]!.length];
  return Array.from({ length: Math.ceil(height / 2) }, (_, y) =>
    Array.from({ length: Math.ceil(width / 2) }, (_, x) => {
      const pixels = [0, 1].flatMap((dy) => [0, 1].map((dx) => picture[2 * y + dy]?.[2 * x + dx]));
      const there = pixels.filter((pixel) => pixel !== undefined);
      return Array.from({ length: channels }, (_, c) => there.reduce((sum, p) => sum + p[c]!, 0) / there.length);
    }),
  );
}

it('gives the means of three convolutions with halving between them', async () => {
  let picture: Picture = Array.from({ length: 5 }, (_, y) =>
    Array.from({ length: 4 }, (_, x) => [0, 1, 2].map((c) => image.data[(y * 4 + x) * 3 + c]! / 127.5 - 1)),
  );
  const widths = [32, 64, 128];
  for (const [i, width] of widths.entries()) {
    if (i > 0) picture = halved(picture);
    picture = convolved(picture, await network.parameters[`conv${i}`]!.data(), width);
  }
  const pixels = picture.flat();
  const features = await featuresOf(image);
  expect(features).toHaveLength(128);
  features.forEach((value, c) =>
    expect(value).toBeCloseTo(pixels.reduce((sum, pixel) => sum + pixel[c]!, 0) / pixels.length, 4),
  );
});

it('sees a grey image as one of three equal channels', async () => {
  const grey: Images = { ...image, data: image.data.slice(0, 20), channels: 1 };
  const copied: Images = { ...image, data: Uint8Array.from({ length: 60 }, (_, i) => grey.data[Math.floor(i / 3)]!) };
  expect(await featuresOf(grey)).toEqual(await featuresOf(copied));
});

it('has the same weights on every machine: other weights need another name', () => {
  expect(network.checksum).toBe('1f0060b0d53c871af9d9920e0366d9321ead16a2cedde94dd9f8992bdb84b1e6');
});
