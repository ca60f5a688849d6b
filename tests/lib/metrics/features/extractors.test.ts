import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { features } from '../../../../lib/metrics/features/extractors.js';

const digits = { height: 28, width: 28, channels: 1 };

describe('the extractor for images', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is the first that fits; at paper scale the published one where its file is here', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dpbench-extractors-'));
    vi.stubEnv('DPBENCH_DATA', folder);
    vi.stubEnv('DPBENCH_CACHE', join(folder, 'cache'));
    const named = (...options: [name?: string, scale?: 'laptop' | 'paper']) => features.forShape(digits, ...options).id;
    expect(named()).toBe('digit-cnn');
    expect(named(undefined, 'paper')).toBe('digit-cnn');
    expect(features.forShape({ height: 32, width: 32, channels: 3 }).id).toBe('colour-cnn');
    expect(features.forShape({ height: 5, width: 7, channels: 1 }).id).toBe('random-cnn');
    await mkdir(join(folder, 'weights'));
    const { weights } = features.get('inception-pytorch-fid');
    await writeFile(join(folder, 'weights', weights!.name), 'stands for the file');
    expect(named(undefined, 'paper')).toBe('inception-pytorch-fid');
    expect(named(undefined, 'laptop')).toBe('digit-cnn');
    expect(named('random-cnn', 'paper')).toBe('random-cnn');
  });

  it('is refused for images that it is not made for', () => {
    expect(() => features.forShape({ height: 32, width: 32, channels: 3 }, 'digit-cnn')).toThrow(
      "features 'digit-cnn': not made for such images; got '32 x 32 x 3', expected colour-cnn, random-cnn, ",
    );
    expect(() => features.get('incption-pytorch-fid')).toThrow("Did you mean 'inception-pytorch-fid' or");
  });
});
