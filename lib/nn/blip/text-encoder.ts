import { runOp, tf, type Tensor, type Tensor2D, type Tensor3D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import { textual, type BlipSizes } from './sizes.js';
import { attention, gelu, layerNorm, linear } from './transformer.js';

/** Of BERT's layer norms. */
const epsilon = 1e-12;
/** Taken from the scores of tokens behind the end of a text: nothing is left of them after the softmax. */
const unseen = 10000;

/**
 * BERT with attention to an image in every layer (Li et al. 2022, arXiv 2201.12086, section 3.1): the vector of the first token of each
 * text, `[batch, width]`.
 *
 * @param ids `[batch, tokens]`, whole numbers. `mask`: `[batch, tokens]`, 1 for tokens of the text, 0 behind its end.
 * @param images of `encodeImages`, `[batch, 1 + squares, width of the image encoder]`.
 */
export function encodeTexts(
  weights: Weights,
  { ids, mask }: { readonly ids: Tensor2D; readonly mask: Tensor2D },
  images: Tensor3D,
  { text }: BlipSizes,
): Tensor2D {
  const [batch, tokens] = ids.shape;
  const bias = mask.sub(1).mul(unseen).reshape([batch, 1, 1, tokens]);
  const attend = (name: string, x: Tensor, seen: Tensor, hidden?: Tensor): Tensor => {
    const [query, key, value] = (['query', 'key', 'value'] as const).map((part) =>
      linear(weights, `${name}.self.${part}`, part === 'query' ? x : seen),
    ) as [Tensor, Tensor, Tensor];
    const attended = linear(weights, `${name}.output.dense`, attention([query, key, value], text.heads, hidden));
    return layerNorm(weights, `${name}.output.LayerNorm`, attended.add(x), epsilon);
  };
  let x = embed(weights, ids);
  for (let i = 0; i < text.layers; i++) {
    const layer = `${textual}.encoder.layer.${i}`;
    x = attend(`${layer}.attention`, x, x, bias);
    x = attend(`${layer}.crossattention`, x, images);
    const hidden = gelu(linear(weights, `${layer}.intermediate.dense`, x)); // [batch, tokens, feedForward]
    x = layerNorm(
      weights,
      `${layer}.output.LayerNorm`,
      linear(weights, `${layer}.output.dense`, hidden).add(x),
      epsilon,
    );
  }
  return x.slice([0, 0, 0], [batch, 1, text.width]).reshape([batch, text.width]);
}

/** Words and places; BLIP has no embedding of sentences. `[batch, tokens, width]` */
function embed(weights: Weights, ids: Tensor2D): Tensor {
  const words = rowsOf(weights[`${textual}.embeddings.word_embeddings.weight`]!, ids); // [batch, tokens, width]
  const table = weights[`${textual}.embeddings.position_embeddings.weight`] as Tensor2D;
  const places = table.slice([0, 0], [ids.shape[1], table.shape[1]]); // [tokens, width]
  return layerNorm(weights, `${textual}.embeddings.LayerNorm`, words.add(places), epsilon);
}

/** The rows of a table at some places. `tf.gather` reads the places back, which a recorded graph cannot. */
function rowsOf(table: Tensor, places: Tensor): Tensor {
  const attributes = { Tparams: { type: 'float32' }, Tindices: { type: 'int32' }, Taxis: { type: 'int32' } } as const;
  return runOp('GatherV2', { ...attributes, batch_dims: { int: 0 } }, [table, places, tf.scalar(0, 'int32')])[0]!;
}
