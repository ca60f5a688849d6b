import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import type { Tensor2D, Tensor4D } from '../../tensor/index.js';
import { disposeAll } from '../parameters.js';
import type { Critics } from './critic-group.js';
import { WassersteinCritic } from './wasserstein-critic.js';

/** The critic of GS-WGAN's paper, one to a group: networks with convolutions are no batched product. */
export function spectralCritics(options: { readonly shape: ImageShape; readonly classes: number }): Critics {
  const critic = new WassersteinCritic(options);
  return {
    newGroup: (size, stream) => {
      if (size !== 1)
        throw new OptionError({
          asked: 'spectralCritics',
          wrong: 'there is one critic to a group',
          got: size,
          expected: '1: let one critic answer a step',
        });
      const group = critic.initialise(stream);
      const dispose = () => [group.parameters, group.state].forEach(disposeAll);
      return { ...group, advance: () => critic.advance(group), dispose };
    },
    scores: (weights, images, labels) => {
      const [, batch, ...shape] = images.shape as [number, number, number, number, number];
      const scores = critic.scores(
        weights,
        images.reshape<Tensor4D>([batch, ...shape]),
        labels.reshape<Tensor2D>([batch, labels.size / batch]),
      );
      return scores.reshape([1, batch]); // [1, batch]
    },
  };
}
