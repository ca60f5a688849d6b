import { inceptionClasses, inceptionFeatures } from '../../nn/inception-v3/architecture.js';
import { cornerResize } from '../../nn/inception-v3/resize-to-inception.js';
import type { FeatureExtractor } from './contract.js';
import { inceptionWeights, openInception } from './inception-features.js';

/**
 * The FID Inception behind the resizing of TensorFlow 1, as the first implementations of FID and Inception score had it and as
 * torch-fidelity has it. The logits leave out the bias of the last layer, as in Salimans et al. 2016.
 */
export const inceptionTorchFidelity: FeatureExtractor<'inception-torch-fidelity'> = {
  id: 'inception-torch-fidelity',
  name: 'inception-torch-fidelity (2048 features, Inception v3 of 2015-12-05, logits without bias)',
  size: inceptionFeatures,
  classes: inceptionClasses,
  preprocessing:
    'grey copied to 3 channels; bytes bilinear to 299 x 299 with corners as origins (TensorFlow 1), no antialiasing; (v - 128) / 128',
  source: 'Heusel et al. 2017, arXiv 1706.08500; weights and preprocessing of torch-fidelity',
  weights: inceptionWeights,
  accepts: ({ channels }) => channels === 1 || channels === 3,
  open: openInception({ prepare: cornerResize, bias: false }),
};
