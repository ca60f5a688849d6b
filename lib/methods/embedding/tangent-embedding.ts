import type { Embedding } from './embedding.js';
import { ntkFeatures } from './ntk-features.js';
import { ntkDimension, ntkNetworkOf, ntkTensors, type NtkNetwork } from './ntk-network.js';

/** The tangent features of a network, as what a generator's images are compared by. */
export function tangentEmbedding(network: NtkNetwork): Embedding {
  return {
    features: (images, ...tensors) => ntkFeatures(images, ntkNetworkOf(tensors, network.outputs)),
    constants: ntkTensors(network),
    dimension: ntkDimension(network),
    norm: 1,
  };
}
