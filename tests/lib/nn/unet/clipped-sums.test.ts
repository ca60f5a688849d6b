import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { withExampleGradients } from '../../../../lib/nn/tape.js';
import { denoisingLosses, drawDenoising } from '../../../../lib/nn/unet/denoising-losses.js';
import { unetSizes } from '../../../../lib/nn/unet/sizes.js';
import { unet, type Unet } from '../../../../lib/nn/unet/unet.js';
import { setupEngine, tf, type Tensor, type Tensor1D } from '../../../../lib/tensor/index.js';
import { naiveClippedSums, normal, relativeDifference, relativeTolerance, weightsOf } from '../layers/naive.js';

beforeAll(() => setupEngine());

const base = { shape: { height: 28, width: 28, channels: 1 }, classes: 3 };
const networks = {
  'U-Net': unet({ ...base, ...unetSizes.smoke }),
  'lean U-Net with label maps': unet({ ...base, ...unetSizes.laptop, features: 8, labelMap: 2, attention: [7] }),
};
const examples = 4;

/** All weights random: before training the ends of the branches are 0, and so are most gradients. */
function randomWeights(network: Unet): Record<string, Tensor> {
  const weights = weightsOf(...network.layers);
  return tf.tidy(() => {
    const scaled = Object.entries(weights).map(([name, weight]) => {
      const fan = weight.size / weight.shape.at(-1)!;
      return [name, name.endsWith('kernel') ? weight.mul(2 / Math.sqrt(fan)) : weight.clone()] as const;
    });
    tf.dispose(weights);
    return Object.fromEntries(scaled);
  });
}

function inputsFor(network: Unet, copies: number): Tensor[] {
  const own = tf.tidy(() => [normal([examples, 28, 28, 1], 'images').sigmoid(), tf.oneHot([0, 2, 1, 2], 3).toFloat()]);
  return [...own, ...drawDenoising(network, { copies, dropProbability: 0.5 })(examples, new SeededStream(copies))];
}

describe.each(Object.entries(networks))('the clipped sums of the %s', (_name, network) => {
  const losses = denoisingLosses(network);

  it.each([1, 2])(
    'are those of a loop over examples, with %i noises each, at any micro-batch',
    async (copies) => {
      const before = tf.memory().numTensors;
      const weights = randomWeights(network);
      const inputs = inputsFor(network, copies);
      const parameters = tf.tidy(() =>
        Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, tf.variable(weight)])),
      );
      const unclipped = tf.tidy(() => naiveClippedSums(losses, { weights, inputs, clipNorm: 1e6 }).norms);
      const sizes = [...(await unclipped.data())];
      const clipNorm = (Math.min(...sizes) + Math.max(...sizes)) / 2; // some examples are clipped and some are not
      const { norms, sums } = tf.tidy(() => naiveClippedSums(losses, { weights, inputs, clipNorm }));
      for (const microBatch of [1, 3, examples]) {
        const gradient = new ClippedGradient({ losses, parameters, clipNorm, microBatch });
        const got = Object.values(await gradient.at(inputs));
        for (const [i, name] of Object.keys(weights).entries())
          expect(await relativeDifference(got[i]!, sums[i]!), `${name}, ${microBatch}`).toBeLessThan(relativeTolerance);
        gradient.dispose();
        tf.dispose(got);
      }
      const eager = withExampleGradients(losses, { weights, trained: Object.keys(weights), inputs }, (gradients) => {
        const all = [...gradients.values()];
        const norms = tf.addN(all.map((gradient) => gradient.squaredNorms())).sqrt();
        const coefficients = tf.minimum(1, tf.div(clipNorm, norms)) as Tensor1D;
        return all.map((gradient) => gradient.weightedSum(coefficients));
      });
      for (const [i, name] of Object.keys(weights).entries())
        expect(await relativeDifference(eager[i]!, sums[i]!), name).toBeLessThan(relativeTolerance);
      disposeAll(parameters);
      tf.dispose([weights, inputs, unclipped, norms, sums, eager]);
      expect(tf.memory().numTensors).toBe(before);
    },
    180_000,
  ); // three graphs are made
});
