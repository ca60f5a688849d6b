import { conv2d } from '../../../../lib/nn/layers/conv2d.js';
import { dense } from '../../../../lib/nn/layers/dense.js';
import { embedding } from '../../../../lib/nn/layers/embedding.js';
import { groupNorm } from '../../../../lib/nn/layers/group-norm.js';
import { scale } from '../../../../lib/nn/layers/scale.js';
import type { ExampleLosses } from '../../../../lib/nn/tape.js';

const first = conv2d({ name: 'first', inputs: 1, outputs: 6 });
const norm = groupNorm({ name: 'norm', channels: 6, groups: 3, silu: true });
const second = conv2d({ name: 'second', inputs: 6, outputs: 6, stride: 2 });
const label = embedding({ name: 'label', count: 4, size: 6 });
const branch = scale({ name: 'branch' });
const last = dense({ name: 'last', inputs: 6, outputs: 1 });

export const smallNetLayers = [first, norm, second, label, branch, last];

/** A net with a layer of most kinds: images `[batch, 12, 12, 1]`, one-hot labels `[batch, 4]`, targets `[batch, 6, 6, 1]`. */
export const smallNetLosses: ExampleLosses = (tape, images, labels, targets) => {
  const h = tape.use(norm, tape.use(first, images!));
  const down = tape.use(branch, tape.use(second, h));
  const conditioned = down.add(tape.use(label, labels!).reshape([-1, 1, 1, 6])).tanh();
  return tape.use(last, conditioned).sub(targets!).square().mean([1, 2, 3]);
};
