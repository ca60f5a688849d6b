import type { LabeledImages } from '../../core/images.js';

/** Several stacks of images of one shape as one. */
export function together(parts: readonly LabeledImages[]): LabeledImages {
  const joined = (arrays: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(arrays));
  return {
    ...parts[0]!,
    data: joined(parts.map(({ data }) => data)),
    labels: joined(parts.map(({ labels }) => labels)),
    count: parts.reduce((sum, { count }) => sum + count, 0),
  };
}
