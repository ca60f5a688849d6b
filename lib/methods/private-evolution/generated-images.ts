import { takeImages } from '../../core/images.js';
import type { GeneratedImages } from './image-generator.js';

/** The images at some places with their memory, in that order. */
export function takeGenerated({ images, memory }: GeneratedImages, places: ArrayLike<number>): GeneratedImages {
  const numbers = memory.length / Math.max(1, images.count);
  const taken = new Float32Array(places.length * numbers);
  for (let i = 0; i < places.length; i++)
    taken.set(memory.subarray(places[i]! * numbers, (places[i]! + 1) * numbers), i * numbers);
  return { images: takeImages(images, places), memory: taken };
}
