import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Images } from '../../../../lib/core/images.js';
import { onProgress } from '../../../../lib/core/progress.js';
import * as published from '../../../../lib/data/published-file.js';
import type { FeatureExtractor, FeatureNetwork } from '../../../../lib/metrics/features/contract.js';
import { InceptionFeatures, inceptionWeights } from '../../../../lib/metrics/features/inception-features.js';
import { inceptionPytorchFid } from '../../../../lib/metrics/features/inception-pytorch-fid.js';
import { inceptionTorchFidelity } from '../../../../lib/metrics/features/inception-torch-fidelity.js';
import { halfPixelResize } from '../../../../lib/nn/inception-v3/resize-to-inception.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { floats, formulaImage, relativeError, writeFormulaWeights } from '../../nn/inception-v3/formula-weights.js';

// The real weights are 95 MB: here the file that every call finds is one of weights made by a formula.
vi.mock(import('../../../../lib/data/published-file.js'), async (original) => {
  const real = await original();
  return { ...real, publishedFile: vi.fn(real.publishedFile) };
});

type Outputs = Record<'features' | 'logits', string>;
type Golden = Record<'colour' | 'grey', Record<'pytorchFid' | 'torchFidelity', Outputs>>;
const golden = JSON.parse(readFileSync(new URL('../../../golden/inception.json', import.meta.url), 'utf8')) as Golden;

/** Float32 sums in another order: 5e-7 is what was seen. */
const tolerance = 5e-6;

const colour: Images = { data: formulaImage('colour', 32, 32, 3), count: 1, height: 32, width: 32, channels: 3 };
const grey: Images = { data: formulaImage('grey', 28, 28, 1), count: 1, height: 28, width: 28, channels: 1 };

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-inception-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

describe('without weights', () => {
  const open = (extractor: FeatureExtractor) => {
    vi.stubEnv('DPBENCH_CACHE', join(folder, 'cache'));
    vi.stubEnv('DPBENCH_DATA', join(folder, 'data'));
    vi.stubEnv('DPBENCH_OFFLINE', '1');
    return extractor.open();
  };

  it.each([inceptionPytorchFid, inceptionTorchFidelity])('$id says where they belong', async (extractor) => {
    await expect(open(extractor)).rejects.toThrow(
      'weights of the FID Inception: pt_inception-2015-12-05-6726825d.pth is not on this machine, and DPBENCH_OFFLINE=1 ' +
        'forbids to download it; expected the file of https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/' +
        `pt_inception-2015-12-05-6726825d.pth in ${join(folder, 'data', 'weights')} or ${join(folder, 'cache', 'weights')}.`,
    );
  });

  it('refuses a file of that name with other bytes', async () => {
    await mkdir(join(folder, 'data', 'weights'), { recursive: true });
    const path = join(folder, 'data', 'weights', inceptionWeights.name);
    await writeFile(path, 'not these');
    await expect(open(inceptionPytorchFid)).rejects.toThrow(`${path} is damaged or another file`);
    await rm(path);
  });
});

describe('with weights made by a formula', () => {
  let path: string;
  let networks: Record<'pytorchFid' | 'torchFidelity', FeatureNetwork>;
  beforeAll(async () => {
    path = await writeFormulaWeights(folder);
    vi.mocked(published.publishedFile).mockResolvedValue(path);
    networks = { pytorchFid: await inceptionPytorchFid.open(), torchFidelity: await inceptionTorchFidelity.open() };
  });
  afterAll(() => {
    for (const network of Object.values(networks)) (network as InceptionFeatures).network.dispose();
    vi.mocked(published.publishedFile).mockRestore();
  });

  it('asks for the published file', () => {
    expect(published.publishedFile).toHaveBeenCalledWith(inceptionWeights);
    expect(networks.pytorchFid.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(networks.pytorchFid.checksum).toBe(networks.torchFidelity.checksum);
  });

  it.each([
    ['pytorchFid', 'colour', colour],
    ['pytorchFid', 'grey', grey],
    ['torchFidelity', 'colour', colour],
    ['torchFidelity', 'grey', grey],
  ] as const)('%s: features and logits of the %s image are those of that program', async (program, kind, image) => {
    const expected = golden[kind][program];
    for await (const batch of networks[program].batches(image)) {
      expect(batch.rows).toBe(1);
      expect(relativeError(batch.features, floats(expected.features))).toBeLessThan(tolerance);
      expect(relativeError(batch.logits!, floats(expected.logits))).toBeLessThan(tolerance);
    }
  });

  it('the two programs differ by more than the tolerance', () => {
    const [one, other] = (['pytorchFid', 'torchFidelity'] as const).map((name) => floats(golden.colour[name].features));
    expect(relativeError(one!, other!)).toBeGreaterThan(100 * tolerance);
  });

  it('streams batches in order, tells how far it is, leaves no tensor, stops when aborted', async () => {
    const count = 4;
    const data = new Uint8Array(count * 64);
    for (let i = 0; i < count; i++) data.set(formulaImage(`image ${i}`, 8, 8, 1), i * 64);
    const images: Images = { data, count, height: 8, width: 8, channels: 1 };
    const options = { prepare: halfPixelResize, bias: true };
    const before = tf.memory().numTensors;
    const features = await InceptionFeatures.load(path, options, 3); // a batch and a part of one
    const own = tf.memory().numTensors;
    const steps: number[] = [];
    const stop = onProgress(({ task, step }) => task === 'Inception features' && steps.push(step));
    const rows = await featureRows(features, images);
    stop();
    expect(rows).toHaveLength(count);
    expect(steps).toEqual([0, 3, 4, 4]);
    for (const i of [1, 3]) {
      const alone: Images = { ...images, data: data.slice(i * 64, (i + 1) * 64), count: 1 };
      const [row] = await featureRows(networks.pytorchFid, alone);
      expect(relativeError(rows[i]!, row!)).toBeLessThan(tolerance);
      expect(relativeError(rows[0]!, row!)).toBeGreaterThan(100 * tolerance);
    }
    expect(tf.memory().numTensors).toBe(own);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(featureRows(features, images, signal)).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(own);
    features.network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

async function featureRows(network: FeatureNetwork, images: Images, signal?: AbortSignal): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for await (const { rows: inBatch, features } of network.batches(images, signal))
    for (let i = 0; i < inBatch; i++) rows.push(features.slice(i * 2048, (i + 1) * 2048));
  return rows;
}
