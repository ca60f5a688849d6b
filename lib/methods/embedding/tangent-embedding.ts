import type { Tensor } from '../../tensor/index.js';
import type { Embedding } from './match-embedding.js';
import { asVectors, ntkDistance, ntkFeatures } from './ntk-features.js';
import { ntkDimension, ntkNetworkOf, ntkTensors, type NtkNetwork } from './ntk-network.js';

/** The features of a network, as what a generator's images are compared by. */
export function tangentEmbedding(network: NtkNetwork): Embedding {
  const networkOf = (tensors: Tensor[]) => ntkNetworkOf(tensors, network.outputs);
  return {
    features: (images, ...tensors) => asVectors(ntkFeatures(images, networkOf(tensors))),
    distance: (images, labels, target, parts, ...tensors) =>
      ntkDistance(ntkFeatures(images, networkOf(tensors)), labels, target, parts),
    constants: ntkTensors(network),
    dimension: ntkDimension(network),
    norm: 1,
  };
}
