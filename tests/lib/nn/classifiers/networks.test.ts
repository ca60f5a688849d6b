import { beforeAll, describe, expect, it } from 'vitest';
import { bottleneckResnet } from '../../../../lib/nn/classifiers/bottleneck-resnet.js';
import { ClassifierGradient } from '../../../../lib/nn/classifiers/classifier-gradient.js';
import { trainedValues } from '../../../../lib/nn/classifiers/classifier.js';
import { convolution } from '../../../../lib/nn/classifiers/convolution.js';
import { resnet } from '../../../../lib/nn/classifiers/resnet.js';
import { resnext } from '../../../../lib/nn/classifiers/resnext.js';
import { smallCnn } from '../../../../lib/nn/classifiers/small-cnn.js';
import { publishedResnet20 } from '../../../../lib/nn/classifiers/torch-weights.js';
import { packingsOf, TrainedClassifier } from '../../../../lib/nn/classifiers/trained-classifier.js';
import { wideResnet } from '../../../../lib/nn/classifiers/wide-resnet.js';
import { SmallClassifier } from '../../../../lib/nn/small-classifier.js';
import { parameterCount, weightsChecksum } from '../../../../lib/nn/parameters.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { setupEngine, tf, type Tensor2D } from '../../../../lib/tensor/index.js';
import {
  goldenImages,
  goldenLabels,
  goldenNames,
  goldenResnet50,
  goldenValues,
  networkOf,
  readGolden,
} from './golden-networks.js';

beforeAll(async () => void (await setupEngine()));

const grey = { shape: { height: 28, width: 28, channels: 1 }, classes: 10 };
const color = { shape: { height: 32, width: 32, channels: 3 }, classes: 10 };

/** Of float32 against double precision, relative to the largest value. */
const tolerance = 1e-4;

function expectClose(found: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(found.length, what).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs), 1e-2);
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value) / scale, `${what} ${i}`).toBeLessThan(tolerance));
}

describe('parameters of the networks', () => {
  // sum(p.numel() for p in model.parameters()) of the models of github.com/2019ChenGong/DPImageBench, evaluation/classifier:
  // ResNet(in_c=1, img_size=28, num_classes=10), WideResNet(in_c=1, img_size=28, num_classes=10, dropRate=0.3) and so on;
  // of ResNet-20 the 271,098 values of the published file less 1,376 running statistics.
  it.each([
    ['ResNet-110', 1_730_426, resnet({ ...grey, depth: 110 })],
    ['WRN-40-4', 8_948_922, wideResnet({ ...grey, depth: 40, widen: 4, dropout: 0.3 })],
    ['ResNeXt-29', 34_425_546, resnext({ ...grey, depth: 29, cardinality: 8, widen: 4 })],
    ['ResNet-164', 2_605_658, resnet({ ...color, depth: 164 })],
    ['WRN-28-10', 36_479_194, wideResnet({ ...color, depth: 28, widen: 10, dropout: 0.3 })],
    ['ResNeXt-28', 40_559_690, resnext({ ...color, depth: 28, cardinality: 8, widen: 10 })],
    ['ResNet-20', 269_722, publishedResnet20()],
  ])('of %s are %i', (name, count, network) => {
    expect(trainedValues(network)).toBe(count);
    expect(network.name.startsWith(name)).toBe(true);
  });

  it('of ResNet-50 are those of PyTorch’s', () => {
    const of = (classes: number) => bottleneckResnet({ ...color, classes });
    expect([10, 1000].map((classes) => trainedValues(of(classes)))).toEqual(goldenResnet50());
    // github.com/kuangliu/pytorch-cifar, models/resnet.py, sum(p.numel() for p in ResNet50().parameters())
    expect(trainedValues(of(10))).toBe(23_520_842);
    expect(of(10).name).toBe('ResNet-50 (bottlenecks 3, 4, 6, 3, from 64 channels)');
    expect(() => bottleneckResnet({ ...color, blocks: [1, 0] })).toThrow(
      'bottleneckResnet: blocks is out of range; got 0',
    );
  });

  it('of the small CNN are those of the network behind the digit features', () => {
    const small = new SmallClassifier({ ...grey, stream: new SeededStream(0) });
    expect(trainedValues(smallCnn(grey))).toBe(parameterCount(small.parameters));
    small.dispose();
  });
});

describe.each(goldenNames)('%s against PyTorch (tests/golden/classifiers.py)', (name) => {
  const golden = readGolden(name);
  const network = networkOf(name, golden);

  it('has its parameters and statistics', () => {
    expect(Object.keys(network.parameters).sort()).toEqual(Object.keys(golden.gradients).sort());
    expect(Object.keys(network.statistics).sort()).toEqual(Object.keys(golden.statistics).sort());
  });

  it('gives its logits by running statistics', async () => {
    const before = tf.memory().numTensors;
    const values = goldenValues(network);
    const trained = TrainedClassifier.of(network, values);
    tf.dispose([values.weights, values.statistics]);
    const logits = tf.tidy(() => trained.logits(goldenImages(golden)));
    expectClose(await logits.data(), golden.logits.flat(), 'logits');
    const classes = tf.tidy(() => trained.classes(goldenImages(golden)));
    expect([...(await classes.data())]).toEqual(golden.logits.map((row) => row.indexOf(Math.max(...row))));
    tf.dispose([logits, classes]);
    trained.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has its loss, gradients and running statistics in training, as one graph', async () => {
    const before = tf.memory().numTensors;
    const packings = packingsOf(network);
    const gradient = new ClassifierGradient(network, packings);
    const found = tf.tidy(() => {
      const { weights, statistics } = goldenValues(network);
      const state = { weights: packings.weights.pack(weights), statistics: packings.statistics.pack(statistics) };
      const [images, labels] = [goldenImages(golden), goldenLabels(golden) as Tensor2D];
      const result = gradient.at(state, { images, labels, seed: tf.tensor1d([1], 'int32') });
      const gradients = packings.weights.unpack(result.gradient);
      return { loss: result.loss, gradients, statistics: packings.statistics.unpack(result.statistics) };
    });
    expectClose(await found.loss.data(), [golden.loss], 'loss');
    for (const [parameter, [norm, ...some]] of Object.entries(golden.gradients)) {
      const values = await found.gradients[parameter]!.data();
      const every = Math.max(1, Math.floor(values.length / 6));
      expectClose(
        values.filter((_, i) => i % every === 0),
        some,
        parameter,
      );
      expectClose([Math.hypot(...values)], [norm!], `norm of ${parameter}`);
    }
    for (const [statistic, values] of Object.entries(golden.statistics))
      expectClose(await found.statistics[statistic]!.data(), values, statistic);
    tf.dispose(found);
    gradient.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a trained classifier', () => {
  const golden = readGolden('resnext');
  const network = networkOf('resnext', golden);

  it('has weights and statistics by name, and features before the last layer', async () => {
    const values = goldenValues(network);
    const trained = TrainedClassifier.of(network, values);
    const given = { ...values.weights, ...values.statistics };
    const named = tf.tidy(() => trained.named());
    expect(await weightsChecksum(named)).toBe(await weightsChecksum(given));
    const [features, logits, again] = tf.tidy(() => {
      const images = goldenImages(golden);
      const features = trained.features(images);
      return [features, trained.logits(images), network.head(features, values)];
    });
    expect(features!.shape).toEqual([5, 32]);
    expect([...(await again!.data())]).toEqual([...(await logits!.data())]);
    tf.dispose([given, named, features!, logits!, again!]);
    trained.dispose();
  });

  it('can be trained in bfloat16, groups and norms included', async () => {
    const packings = packingsOf(network);
    const gradient = new ClassifierGradient(network, packings, { precision: 'bfloat16' });
    const loss = tf.tidy(() => {
      const { weights, statistics } = goldenValues(network);
      const state = { weights: packings.weights.pack(weights), statistics: packings.statistics.pack(statistics) };
      const [images, labels] = [goldenImages(golden), goldenLabels(golden) as Tensor2D];
      return gradient.at(state, { images, labels, seed: tf.tensor1d([1], 'int32') }).loss;
    });
    const off = Math.abs((await loss.data())[0]! - golden.loss) / golden.loss;
    expect(off).toBeLessThan(0.05); // 8 bits of mantissa through ten layers and norms over few positions
    expect(off).toBeGreaterThan(1e-6); // it was rounded
    loss.dispose();
    gradient.dispose();
  });
});

describe('networks refuse', () => {
  it('depths that make no blocks', () => {
    expect(() => resnet({ ...grey, depth: 21 })).toThrow(
      'resnet: the depth does not make whole blocks; got 21, expected 6 n + 2, as 20.',
    );
    expect(() => wideResnet({ ...grey, depth: 3, widen: 1 })).toThrow(
      'wideResnet: the depth does not make whole blocks; got 3, expected 6 n + 4, as 10.',
    );
    expect(() => resnext({ ...grey, depth: 10, cardinality: 2, widen: 1 })).toThrow(
      'resnext: the depth makes no block; got 10, expected 11 or more.',
    );
  });

  it('channels that do not fit', () => {
    expect(() => resnet({ ...grey, depth: 8, widths: [4, 7, 8], shortcut: 'pad' })).toThrow(
      "resnet: the shortcut 'pad' cannot add these channels, as many before as after; got [4,7], expected widths that grow " +
        "by an even number. Use the shortcut 'convolution'.",
    );
    expect(() => convolution({ name: 'c', inputs: 4, outputs: 6, groups: 4 })).toThrow(
      'convolution c: the groups do not divide the channels; got 4, expected a divisor of 4 inputs and 6 outputs.',
    );
    expect(() => wideResnet({ ...grey, depth: 10, widen: 0 })).toThrow(
      'wideResnet: widen is out of range; got 0, expected a whole number of at least 1.',
    );
    expect(() => wideResnet({ ...grey, depth: 10, widen: 1, dropout: 1 })).toThrow(
      'dropout: rate is out of range; got 1, expected a number above 0 and below 1.',
    );
  });
});
