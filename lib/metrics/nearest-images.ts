import { check } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import type { Images } from '../core/images.js';
import { ProgressTask } from '../core/progress.js';
import { imageTensor, tf, type Tensor2D } from '../tensor/index.js';

/** The nearest images of a stack to each of some others. */
export interface NearestImages {
  /** `[queries, neighbours]`: places in the stack, nearest first. */
  readonly places: Int32Array;
  /** `[queries, neighbours]`: Euclidean distances of pixels in [0, 1], divided by the root of their number: 0 to 1. */
  readonly distances: Float32Array;
  readonly neighbours: number;
}

const queryBlock = 500;
const stackBlock = 5000;

/**
 * Nearest neighbours by pixels, in blocks: memory does not grow with the number of images. A copy has distance 0, up to the
 * rounding of single precision (below 0.001).
 *
 * @throws OptionError when shapes differ or there are fewer images than neighbours.
 */
export async function nearestImages(
  queries: Images,
  stack: Images,
  neighbours: number,
  signal?: AbortSignal,
): Promise<NearestImages> {
  const asked = 'nearest images';
  check('count', asked, { neighbours });
  const shape = ({ height, width, channels }: Images) => `${height} x ${width} x ${channels}`;
  if (shape(queries) !== shape(stack))
    throw new OptionError({ asked, wrong: 'the shapes differ', got: shape(queries), expected: shape(stack) });
  if (stack.count < neighbours)
    throw new OptionError({ asked, wrong: 'too few images', got: stack.count, expected: `at least ${neighbours}` });
  const found: NearestImages = {
    places: new Int32Array(queries.count * neighbours).fill(-1),
    distances: new Float32Array(queries.count * neighbours).fill(Infinity),
    neighbours,
  };
  const blocks = Math.ceil(queries.count / queryBlock);
  const task = new ProgressTask('looking for the nearest images', blocks, signal);
  for (let block = 0; block < blocks; block++) {
    const start = block * queryBlock;
    const end = Math.min(queries.count, start + queryBlock);
    for (let at = 0; at < stack.count; at += stackBlock) {
      merge(found, start, await nearestInBlock(queries, start, end, stack, at, neighbours), at);
      await task.pause();
    }
    task.report({ step: block + 1 });
  }
  task.done();
  return found;
}

interface BlockNeighbours {
  readonly rows: number;
  readonly width: number;
  readonly places: ArrayLike<number>; // [rows, width], in the block
  readonly distances: ArrayLike<number>; // [rows, width]
}

async function nearestInBlock(
  queries: Images,
  start: number,
  end: number,
  stack: Images,
  at: number,
  neighbours: number,
): Promise<BlockNeighbours> {
  const size = stack.height * stack.width * stack.channels;
  const blockEnd = Math.min(stack.count, at + stackBlock);
  const width = Math.min(neighbours, blockEnd - at);
  const both = tf.tidy(() => {
    const a = imageTensor(queries, start, end).reshape([end - start, size]) as Tensor2D;
    const b = imageTensor(stack, at, blockEnd).reshape([blockEnd - at, size]) as Tensor2D;
    const products = tf.matMul(a, b, false, true); // [rows, block]
    const lengths = a.square().sum(1, true).add(b.square().sum(1)); // [rows, block]
    const { values, indices } = tf.topk(products.mul(2).sub(lengths), width); // minus the squared distances
    return [values.neg().relu().div(size).sqrt(), indices];
  });
  const [distances, places] = await Promise.all(both.map((tensor) => tensor.data()));
  tf.dispose(both);
  return { rows: end - start, width, places: places!, distances: distances! };
}

/** Takes a block's neighbours into the lists, which stay in order. */
function merge(found: NearestImages, start: number, block: BlockNeighbours, at: number): void {
  const { places, distances, neighbours } = found;
  for (let row = 0; row < block.rows; row++) {
    const own = (start + row) * neighbours;
    for (let i = 0; i < block.width; i++) {
      const distance = block.distances[row * block.width + i]!;
      let place = neighbours;
      while (place > 0 && distance < distances[own + place - 1]!) place--;
      if (place === neighbours) break;
      distances.copyWithin(own + place + 1, own + place, own + neighbours - 1);
      places.copyWithin(own + place + 1, own + place, own + neighbours - 1);
      distances[own + place] = distance;
      places[own + place] = at + block.places[row * block.width + i]!;
    }
  }
}
