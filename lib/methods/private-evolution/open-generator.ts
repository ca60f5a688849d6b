import { OptionError } from '../../core/errors.js';
import type { Images, ImageShape } from '../../core/images.js';
import type { DatasetOutline } from '../contract.js';
import type { GeneratedImages, GeneratorContext, ImageGenerator, ImageGeneratorDefinition } from './image-generator.js';

/**
 * Opens a generator, and checks what it makes whenever it makes something: anyone may define one.
 *
 * @throws OptionError when the public dataset is missing or not wanted, when the generator is not made for such images, and
 * when it gives other images than it was asked for.
 */
export async function openGenerator(
  definition: ImageGeneratorDefinition,
  context: GeneratorContext,
): Promise<ImageGenerator> {
  refuseGenerator(definition, context);
  if (typeof definition.open !== 'function')
    throw new OptionError({ asked: `image generator '${definition.id}'`, wrong: 'there is no function open' });
  const generator = await definition.open(context);
  const { id } = definition;
  const { parameters } = generator;
  return {
    ...(parameters && { parameters }),
    random: async (count, stream) =>
      checked(`${id}.random`, await generator.random(count, stream), { count, shape: context.shape }),
    async vary(samples, degree, stream) {
      const { count } = samples.images;
      const numbers = samples.memory.length / Math.max(1, count);
      const varied = await generator.vary(samples, degree, stream);
      return checked(`${id}.vary`, varied, { count, numbers, shape: context.shape });
    },
  };
}

/** @throws OptionError when the public dataset is missing or not wanted, and when the generator is not made for such images. */
export function refuseGenerator(
  { id, publicData = 'none', accepts }: ImageGeneratorDefinition,
  { shape, publicDataset }: { readonly shape: ImageShape; readonly publicDataset?: DatasetOutline | undefined },
): void {
  const asked = `image generator '${id}'`;
  if (publicData === 'required' && !publicDataset)
    throw new OptionError({ asked, wrong: 'it draws on public images, and publicDataset is missing' });
  if (publicData === 'none' && publicDataset)
    throw new OptionError({
      asked,
      wrong: 'it takes no public dataset',
      got: publicDataset.name,
      next: "Leave publicDataset out, or choose another: params: { imageGenerator: 'image-pool' }.",
    });
  if (accepts && !accepts(shape))
    throw new OptionError({
      asked,
      wrong: 'it does not make such images',
      got: words(shape),
      next: 'Give a publicDataset, or another generator: dp.imageGenerators.names().',
    });
}

function checked(
  asked: string,
  made: GeneratedImages,
  expected: { readonly count: number; readonly numbers?: number; readonly shape: ImageShape },
): GeneratedImages {
  const { count, numbers, shape } = expected;
  // Anyone's function may give anything.
  const { images, memory } = (made ?? {}) as Partial<GeneratedImages>;
  if (!(images?.data instanceof Uint8Array))
    throw new OptionError({ asked, wrong: 'no images', got: images?.data, expected: 'images.data as a Uint8Array' });
  if (!(memory instanceof Float32Array))
    throw new OptionError({
      asked,
      wrong: 'no memory',
      got: memory,
      expected: 'a Float32Array, empty where none is needed',
    });
  const got = `${images.count} of ${words(images)}`;
  const wanted = `${count} of ${words(shape)}`;
  if (got !== wanted || images.data.length !== count * shape.height * shape.width * shape.channels)
    throw new OptionError({ asked, wrong: 'other images than it was asked for', got, expected: wanted });
  const each = memory.length / Math.max(1, count);
  if (!Number.isInteger(each) || (numbers !== undefined && each !== numbers))
    throw new OptionError({
      asked,
      wrong: 'the memory is not the same number of numbers for each image, always',
      got: each,
      expected: numbers === undefined ? 'a whole number' : String(numbers),
    });
  return made;
}

const words = ({ height, width, channels }: Images | ImageShape): string => `${height} x ${width} x ${channels}`;
