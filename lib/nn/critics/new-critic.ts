import type { ImageShape } from '../../core/images.js';
import type { Critic } from './critic.js';
import { projectionCritic } from './projection-critic.js';
import { smallCritic } from './small-critic.js';

/** Critics by name: one that is quick on a processor, and DPImageBench's. */
export const criticNames = ['small', 'projection'] as const;

type CriticName = (typeof criticNames)[number];

/** A critic of images of a shape with one-hot labels of so many classes. */
export function newCritic(name: CriticName, options: { readonly shape: ImageShape; readonly classes: number }): Critic {
  switch (name) {
    case 'small':
      return smallCritic(options);
    case 'projection':
      return projectionCritic(options);
  }
}
