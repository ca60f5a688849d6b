import { beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { dpLdm } from '../../../../lib/methods/dp-ldm.js';
import { dpLora } from '../../../../lib/methods/dp-lora.js';
import { LatentModel, tunedValues } from '../../../../lib/methods/latent/model.js';
import { pretrainLatents } from '../../../../lib/methods/latent/pretrain.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { facts, publicDataset } from './captured-query.js';

beforeAll(() => setupEngine());

const params = parameterValues('dp-ldm', dpLdm.params, 'smoke');
const rgb = (side: number) => ({ ...facts, shape: { height: side, width: side, channels: 3 } });

describe('what noise falls on', () => {
  it.each([
    ['28 pixels', facts, 3_512_640, 177_152],
    ['32 pixels', rgb(32), 905_760, 200_192],
    ['64 pixels', rgb(64), 905_760, 200_192],
    ['128 pixels', rgb(128), 161_760, 133_632],
  ] as const)('at paper scale, %s: the tabulated values and 3 tokens', (_title, given, transformers, adapters) => {
    const [ldm, lora] = [dpLdm, dpLora].map((method) => parameterValues('x', method.params, 'paper'));
    expect(dpLdm.summary!.noisedValues(ldm as never, given)).toBe(transformers + 3 * 512);
    expect(dpLora.summary!.noisedValues(lora as never, given)).toBe(adapters + 3 * 512);
  });

  it('is what a published run of DP-LoRA on MNIST states: 182,272 values', () => {
    const paper = parameterValues('x', dpLora.params, 'paper');
    expect(dpLora.summary!.noisedValues(paper as never, { ...facts, classes: [...'0123456789'] })).toBe(182_272);
  });

  it('is refused for sides that the reference has no networks for', () => {
    const paper = parameterValues('x', dpLdm.params, 'paper');
    const wrong = () => tunedValues(paper, rgb(30), { roles: ['transformer'], rank: 0 });
    expect(wrong).toThrow(OptionError);
    expect(wrong).toThrow(
      'network by-image-side: DPImageBench has no latent networks for images of this side; got 30, expected 28, 32, 64 or 128 pixels.',
    );
  });

  it.each(['smoke', 'laptop', 'paper'] as const)('at %s scale there are networks for 28 and 32 pixels', (scale) => {
    for (const given of [facts, rgb(32)])
      for (const method of [dpLdm, dpLora]) {
        const values = parameterValues('x', method.params, scale);
        expect(method.summary!.noisedValues(values as never, given)).toBeGreaterThan(100);
        expect(method.spends(values as never, given)[0]).toMatchObject({
          mechanism: 'dp-sgd',
          sensitivity: values.clipNorm,
        });
      }
  });
});

describe('the model that is tuned', () => {
  it.each(['public', 'new'] as const)(
    'has the public weights and a token for each private class: %s',
    async (tokens) => {
      const before = tf.memory().numTensors;
      const owned: { dispose(): void }[] = [];
      const context = {
        ...{ facts, params, publicDataset },
        pretrained: { take: () => Promise.resolve() },
        own: <T extends { dispose(): void }>(disposable: T) => (owned.push(disposable), disposable),
      };
      const known = await pretrainLatents(context);
      const stream = new SeededStream(1);
      const make = (rank: number) =>
        new LatentModel(
          known,
          { facts, params: { ...params, tokens }, stream },
          { roles: ['transformer', 'class'], rank },
        );
      const model = make(2);
      const { tuned, frozen } = model.parts;
      expect(Object.keys(tuned)).toEqual(expect.arrayContaining([...model.trained]));
      expect(Object.keys({ ...tuned, ...frozen }).sort()).toEqual(Object.keys(model.parameters).sort());
      expect(Object.keys(tuned).some((name) => name in frozen)).toBe(false);
      for (const [name, variable] of Object.entries({ ...known.autoencoder, ...known.unet }))
        if (name !== 'label.table') expect(model.parameters[name]).toBe(variable);
      expect(Object.keys(model.parameters).filter((name) => name.endsWith('.down.kernel'))).toHaveLength(24); // 6 maps, 4 transformers

      const table = model.parameters['label.table']!;
      expect(table.shape).toEqual([3, 8]);
      const [got, open] = await Promise.all([table.data(), known.unet['label.table']!.data()]);
      expect(open).toHaveLength(2 * 8);
      expect([...got].slice(0, 16).every((value, i) => value === open[i])).toBe(tokens === 'public');
      expect(new Set(got).size).toBe(24); // and the third class has a token of its own
      model.dispose();
      owned.reverse().forEach((each) => each.dispose());
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
