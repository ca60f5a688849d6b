import type { SeededStream } from '../../core/rng.js';
import { takeGenerated } from './generated-images.js';
import type { GeneratedImages, ImageGenerator } from './image-generator.js';
import { drawByWeight } from './selection.js';

interface Settings {
  readonly imagesPerClass: number;
  /** How different variations of them are. */
  readonly degree: number;
  readonly generator: ImageGenerator;
}

/** Images that were voted on, class after class, with the weight that each got. */
export class Survivors {
  constructor(
    readonly population: GeneratedImages,
    /** `[classes, imagesPerClass]`, adding up to 1 in each class. */
    readonly weights: Float64Array,
    readonly settings: Settings,
  ) {}

  /** One image for each label: a variation of an image of that class, drawn by weight. */
  async variations(labels: Uint8Array, stream: SeededStream): Promise<GeneratedImages> {
    const { imagesPerClass, degree, generator } = this.settings;
    const counts = new Map<number, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const places = new Map(
      [...counts].map(([label, count]) => [label, this.#draw(label, count, stream.fork(`class ${label}`)).values()]),
    );
    const drawn = Array.from(labels, (label) => label * imagesPerClass + places.get(label)!.next().value!);
    return generator.vary(takeGenerated(this.population, drawn), degree, stream.fork('variations'));
  }

  #draw(label: number, count: number, stream: SeededStream): Uint32Array {
    const { imagesPerClass } = this.settings;
    const own = this.weights.subarray(label * imagesPerClass, (label + 1) * imagesPerClass);
    return drawByWeight(own, count, stream);
  }
}
