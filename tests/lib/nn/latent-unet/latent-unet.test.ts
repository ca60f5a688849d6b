import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { latentUnet, timeSinusoids } from '../../../../lib/nn/latent-unet/latent-unet.js';
import type { LatentUnetOptions } from '../../../../lib/nn/latent-unet/plan.js';
import { latentUnetSizes } from '../../../../lib/nn/latent-unet/sizes.js';
import { disposeAll, parameterCount } from '../../../../lib/nn/parameters.js';
import { ReplayedGradient } from '../../../../lib/nn/replayed-gradient.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { channelsLast, namedWaves } from '../autoencoder/named-waves.js';
import { expectShown, type Shown } from '../generators/waves.js';
import { normal, relativeDifference, relativeTolerance } from '../layers/naive.js';

interface Golden {
  readonly options: LatentUnetOptions;
  readonly count: number;
  readonly noise: Shown;
  readonly gradients: Record<string, Shown>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/latent-unet.json', import.meta.url), 'utf8'),
) as Golden[];

/** float32 through some forty layers against double, relative to the largest value of a tensor. */
const tolerance = 1e-3;

beforeAll(() => setupEngine());

describe.each(golden.map((expected, i) => [i + 1, expected] as const))('U-Net of latents %i', (_number, expected) => {
  it('gives PyTorch’s noise and gradients', async () => {
    const before = tf.memory().numTensors;
    const network = latentUnet(expected.options);
    const { height, width } = expected.options.shape;
    const weights = namedWaves(network.layers);
    expect(parameterCount(weights)).toBe(expected.count);
    const inputs: Tensor[] = tf.tidy(() => [
      channelsLast([4, height, width, 3], 1),
      tf.tensor1d([0, 17, 500, 999]),
      tf.tensor2d([[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]]), // prettier-ignore
      channelsLast([4, height, width, 3], 2),
    ]);
    const [latents, times, labels] = inputs as [Tensor, Tensor, Tensor];
    const noise = tf.tidy(() => network.apply(forwardTape(weights), latents, times, labels));
    expect(noise.shape).toEqual([4, height, width, 3]);
    await expectShown(noise, expected.noise, tolerance, 'noise');
    const gradient = new ReplayedGradient(weights, (values, ...[x, t, y, slopes]) =>
      network.apply(forwardTape(values), x!, t!, y!).mul(slopes!).sum(),
    );
    const { loss, gradients } = gradient.at(...inputs);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
    for (const [name, shown] of Object.entries(expected.gradients))
      await expectShown(gradients[name]!, shown, 10 * tolerance, name);
    gradient.dispose();
    disposeAll(weights);
    tf.dispose([...inputs, noise, loss, gradients]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the U-Net of latents before training', () => {
  const shape = { height: 14, width: 14, channels: 3 };

  it('guesses no noise at all', async () => {
    const before = tf.memory().numTensors;
    const network = latentUnet({ shape, classes: 3, ...latentUnetSizes.smoke });
    const parameters = network.initialise(new SeededStream(1));
    const noise = tf.tidy(() =>
      network.apply(forwardTape(parameters), tf.ones([2, 14, 14, 3]), tf.tensor1d([1, 2]), tf.zeros([2, 3])),
    );
    expect((await noise.data()).every((value) => value === 0)).toBe(true);
    noise.dispose();
    disposeAll(parameters);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has adapters that change nothing: A ~ N(0, 1 / rank²) and B = 0, the other weights being the same', async () => {
    const options = { shape, classes: 3, ...latentUnetSizes.laptop };
    const plain = latentUnet(options).initialise(new SeededStream(1));
    const adapted = latentUnet({ ...options, rank: 8 }).initialise(new SeededStream(1));
    const values: number[] = [];
    for (const [name, variable] of Object.entries(adapted)) {
      const own = await variable.data();
      if (name.endsWith('.down.kernel')) values.push(...own);
      else if (name.endsWith('.up.kernel')) expect(Math.max(...own.map(Math.abs))).toBe(0);
      else expect(own).toEqual(await plain[name]!.data());
    }
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(Math.abs(8 * deviation - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length)); // five deviations
    [plain, adapted].forEach(disposeAll);
  });
});

it('merged into the maps that they adapt, W + A B, adapters leave the output as it is', async () => {
  const options = { shape: { height: 6, width: 4, channels: 3 }, classes: 3, ...latentUnetSizes.smoke, rank: 2 };
  const [adapted, plain] = [latentUnet(options), latentUnet({ ...options, rank: 0 })];
  const weights = namedWaves(adapted.layers);
  const before = tf.memory().numTensors;
  const [got, expected, unadapted] = tf.tidy((): [Tensor, Tensor, Tensor] => {
    const names = plain.layers.flatMap(({ parameters }) => Object.keys(parameters));
    const merged = names.map((name) => {
      const map = name.replace(/\.kernel$/, '');
      const [down, up] = [weights[`${map}.down.kernel`], weights[`${map}.up.kernel`]];
      return [name, down ? weights[name]!.add(down.dot(up!)) : weights[name]!] as const;
    });
    const inputs = [normal([2, 6, 4, 3], 'latents'), tf.tensor1d([5, 700]), tf.tensor2d([[1, 0, 0], [0, 1, 0]])] as const; // prettier-ignore
    return [
      adapted.apply(forwardTape(weights), ...inputs),
      plain.apply(forwardTape(Object.fromEntries(merged)), ...inputs),
      plain.apply(forwardTape(weights), ...inputs),
    ];
  });
  expect(await relativeDifference(got, expected)).toBeLessThan(relativeTolerance);
  expect(await relativeDifference(got, unadapted)).toBeGreaterThan(1e-2);
  tf.dispose([got, expected, unadapted]);
  expect(tf.memory().numTensors).toBe(before);
  disposeAll(weights);
});

it('times become cosines, then sines, of frequencies that fall towards 1/10000', async () => {
  const got = tf.tidy(() => timeSinusoids(tf.tensor1d([3]), 8));
  // Python: [math.cos(3 * math.exp(-math.log(10000) * i / 4)) for i in range(4)], and sin
  const expected = [-0.9899925, 0.9553365, 0.9995500, 0.9999955, 0.14112, 0.2955202, 0.0299955, 0.003]; // prettier-ignore
  (await got.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  got.dispose();
});
