import type { DiffusionModel } from '../diffusion/model.js';
import { pretrainDenoiser } from '../diffusion/pretrain.js';
import type { GeneratorContext, ImageGenerator, ImageGeneratorDefinition } from './image-generator.js';

/**
 * A small EDM denoiser that is trained on the public dataset when it is opened, or was by an earlier run. A new image belongs to a public class, drawn uniformly
 * and remembered; a variation gets noise and goes the last part of the walk down the noise levels again, `degree` of it, as
 * one of that class. Images are drawn from the average of the weights.
 */
export const diffusion: ImageGeneratorDefinition<'diffusion'> = {
  id: 'diffusion',
  title: 'a small diffusion model trained on the public dataset',
  publicData: 'required',
  async open(context) {
    const { shape, params, publicDataset, own, signal } = context;
    const labels = publicDataset!.classes.length;
    const model = await pretrainDenoiser(publicDataset!, labels, {
      ...context,
      ...{ facts: { shape }, params: { ...params, churn: 0, churnFrom: 0.025 } },
    });
    return diffusionGenerator(model, labels, { own, signal });
  },
};

/** What a trained model answers; `labels` is the number of public classes. */
function diffusionGenerator(
  model: DiffusionModel,
  labels: number,
  { own, signal }: Pick<GeneratorContext, 'own' | 'signal'>,
): ImageGenerator {
  const sampler = own(model.sampler(model.parameters));
  return {
    parameters: model.parameters,
    async random(count, stream) {
      const memory = Float32Array.from({ length: count }, () => stream.integer(labels));
      return { images: await sampler.sample(memory, stream, { signal }), memory };
    },
    async vary({ images, memory }, degree, stream) {
      return { images: await sampler.sample(memory, stream, { signal, again: { images, part: degree } }), memory };
    },
  };
}
