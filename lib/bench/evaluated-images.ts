import { OptionError } from '../core/errors.js';
import { images as asImages, type ImageShape, type Images, type LabeledImages } from '../core/images.js';
import { byteLabels, floatImages, type FloatImages } from '../data/image-arrays.js';
import { readImageFiles } from '../data/image-files.js';
import { nearestPixel } from '../data/resize.js';
import { inShape } from '../data/shape-of-images.js';

/** Images to be scored, as somebody gave them. */
interface Given {
  readonly images: Images | LabeledImages | FloatImages | string;
  readonly labels?: ArrayLike<number>;
}

/** The shape and classes of the dataset that they are scored against. */
interface Wanted {
  readonly shape: ImageShape;
  readonly classes: readonly string[];
}

/**
 * Images and labels in the shape of the dataset, and what had to be changed, in words.
 *
 * @throws OptionError when there are no images, no labels, or a label that is no class.
 */
export async function evaluatedImages(
  asked: string,
  { images, labels }: Given,
  wanted: Wanted,
): Promise<{ images: LabeledImages; changes: string[] }> {
  const found = await opened(asked, images, wanted);
  if (found.count === 0)
    throw new OptionError({ asked, wrong: 'there are no images', got: 0, expected: 'one at least' });
  const classes = labels ? byteLabels(asked, labels, found.count) : 'labels' in found ? found.labels : undefined;
  if (!classes)
    throw new OptionError({
      asked,
      wrong: 'the images have no labels',
      expected: 'one label an image: an array y in the file, a subfolder for each class, or the option labels',
      next: 'Pass { labels: new Uint8Array(count) } when there is one class only.',
    });
  const wrong = classes.find((label) => label >= wanted.classes.length);
  if (wrong !== undefined)
    throw new OptionError({
      asked,
      wrong: 'a label is no class of the dataset',
      got: wrong,
      expected: `0 to ${wanted.classes.length - 1}`,
    });
  return {
    images: { ...inShape(found, wanted.shape, nearestPixel), labels: classes },
    changes: changesOf(found, wanted),
  };
}

async function opened(asked: string, images: Given['images'], wanted: Wanted): Promise<Images | LabeledImages> {
  if (typeof images === 'string') return readImageFiles(images, wanted);
  if (typeof images === 'object' && images !== null && 'shape' in images) return floatImages(asked, images);
  if (typeof images === 'object' && images !== null && images.data instanceof Uint8Array) {
    const checked = asImages(images.data, images, asked);
    return 'labels' in images && images.labels
      ? { ...checked, labels: byteLabels(asked, images.labels, images.count) }
      : checked;
  }
  throw new OptionError({
    asked,
    wrong: 'these are no images',
    got: images,
    expected: '{ data: Uint8Array, count, height, width, channels, labels }, { data, shape } with floats, or a path',
  });
}

function changesOf({ height, width, channels }: Images, { shape }: Wanted): string[] {
  const changes: string[] = [];
  if (height !== shape.height || width !== shape.width)
    changes.push(`resized from ${height} x ${width} to ${shape.height} x ${shape.width}, nearest pixel`);
  if (channels !== shape.channels)
    changes.push(shape.channels === 1 ? 'made grey by luma' : 'grey copied to 3 channels');
  return changes;
}
