import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import type { GeneratedImages, ImageGenerator, ImageGeneratorDefinition } from './image-generator.js';
import { latentsPerDrawing, paintDrawing } from './stroke-drawing.js';

/**
 * Random drawings with a pen: no network, no data, no idea of digits or letters. A drawing is a handful of standard normal numbers
 * (`paintDrawing`); a variation mixes them with new ones, z cos + n sin, so that variations of random drawings are
 * random drawings again, whatever the degree. Simulators in place of networks: Lin et al. 2025, arXiv 2502.05505.
 */
export const strokes: ImageGeneratorDefinition<'strokes'> = {
  id: 'strokes',
  title: 'random drawings with a pen; knows no shapes and needs no data',
  accepts: ({ channels }) => channels === 1,
  open: ({ shape }) => Promise.resolve(strokeGenerator(shape)),
};

function strokeGenerator(shape: ImageShape): ImageGenerator {
  return {
    async random(count, stream) {
      const latents = new Float32Array(count * latentsPerDrawing);
      stream.fillNormal(latents);
      return drawings(latents, shape);
    },
    async vary({ memory }, degree, stream) {
      return drawings(mixed(memory, degree, stream), shape);
    },
  };
}

/** Old numbers and new ones, of weights whose squares add up to 1. */
function mixed(latents: Float32Array, degree: number, stream: SeededStream): Float32Array {
  const fresh = new Float32Array(latents.length);
  stream.fillNormal(fresh, degree);
  const kept = Math.sqrt(1 - degree ** 2);
  return fresh.map((value, i) => kept * latents[i]! + value);
}

function drawings(latents: Float32Array, { height, width, channels }: ImageShape): GeneratedImages {
  const count = latents.length / latentsPerDrawing;
  const data = new Uint8Array(count * height * width);
  for (let i = 0; i < count; i++) {
    const own = latents.subarray(i * latentsPerDrawing, (i + 1) * latentsPerDrawing);
    data.set(paintDrawing(own, { height, width }), i * height * width);
  }
  return { images: { data, count, height, width, channels }, memory: latents };
}
