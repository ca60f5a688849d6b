/** The sizes of BLIP with a reward head: data, so that a small one can be built as well. */
export interface BlipSizes {
  /** Side of the images, a multiple of `patch`. */
  readonly pixels: number;
  /** Side of the squares that an image is cut into. */
  readonly patch: number;
  readonly vision: { readonly width: number; readonly layers: number; readonly heads: number };
  readonly text: {
    readonly width: number;
    readonly layers: number;
    readonly heads: number;
    readonly feedForward: number;
    readonly vocabulary: number;
    /** Longest text. */
    readonly positions: number;
  };
  /** Outputs of the head's layers, the last of them 1. */
  readonly head: readonly number[];
}

/** ImageReward-v1.0: ViT-L/16 at 224 x 224 and BERT-base with `[DEC]` and `[ENC]` (Xu et al. 2023, arXiv 2304.05977, appendix). */
export const imageRewardSizes: BlipSizes = {
  pixels: 224,
  patch: 16,
  vision: { width: 1024, layers: 24, heads: 16 },
  text: { width: 768, layers: 12, heads: 12, feedForward: 3072, vocabulary: 30524, positions: 512 },
  head: [1024, 128, 64, 16, 1],
};

/** Places of the head's linear layers in the published file: those between are dropout, which does nothing here. */
const headPlaces = [0, 2, 4, 6, 7];

/** Names of the head's layers, in order. */
export const headLayers = ({ head }: BlipSizes): string[] => head.map((_, i) => `mlp.layers.${headPlaces[i]}`);

/** Names of the published file with their shapes: everything that the score is computed from. */
export function blipShapes(sizes: BlipSizes): Record<string, number[]> {
  const { pixels, patch, vision, text, head } = sizes;
  const shapes: Record<string, number[]> = {};
  const linear = (name: string, inputs: number, outputs: number): void => {
    shapes[`${name}.weight`] = [outputs, inputs];
    shapes[`${name}.bias`] = [outputs];
  };
  const norm = (name: string, size: number): void => {
    shapes[`${name}.weight`] = [size];
    shapes[`${name}.bias`] = [size];
  };

  shapes[`${visual}.cls_token`] = [1, 1, vision.width];
  shapes[`${visual}.pos_embed`] = [1, (pixels / patch) ** 2 + 1, vision.width];
  shapes[`${visual}.patch_embed.proj.weight`] = [vision.width, 3, patch, patch];
  shapes[`${visual}.patch_embed.proj.bias`] = [vision.width];
  for (let i = 0; i < vision.layers; i++) {
    const block = `${visual}.blocks.${i}`;
    norm(`${block}.norm1`, vision.width);
    linear(`${block}.attn.qkv`, vision.width, 3 * vision.width);
    linear(`${block}.attn.proj`, vision.width, vision.width);
    norm(`${block}.norm2`, vision.width);
    linear(`${block}.mlp.fc1`, vision.width, 4 * vision.width);
    linear(`${block}.mlp.fc2`, 4 * vision.width, vision.width);
  }
  norm(`${visual}.norm`, vision.width);

  shapes[`${textual}.embeddings.word_embeddings.weight`] = [text.vocabulary, text.width];
  shapes[`${textual}.embeddings.position_embeddings.weight`] = [text.positions, text.width];
  norm(`${textual}.embeddings.LayerNorm`, text.width);
  for (let i = 0; i < text.layers; i++) {
    const layer = `${textual}.encoder.layer.${i}`;
    for (const [name, keys] of [
      ['attention', text.width],
      ['crossattention', vision.width],
    ] as const) {
      linear(`${layer}.${name}.self.query`, text.width, text.width);
      linear(`${layer}.${name}.self.key`, keys, text.width);
      linear(`${layer}.${name}.self.value`, keys, text.width);
      linear(`${layer}.${name}.output.dense`, text.width, text.width);
      norm(`${layer}.${name}.output.LayerNorm`, text.width);
    }
    linear(`${layer}.intermediate.dense`, text.width, text.feedForward);
    linear(`${layer}.output.dense`, text.feedForward, text.width);
    norm(`${layer}.output.LayerNorm`, text.width);
  }

  headLayers(sizes).forEach((name, i) => linear(name, head[i - 1] ?? text.width, head[i]!));
  return shapes;
}

/** Prefixes of the two encoders in the published file. */
export const visual = 'blip.visual_encoder';
export const textual = 'blip.text_encoder';
