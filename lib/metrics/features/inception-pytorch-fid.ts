import { inceptionClasses, inceptionFeatures } from '../../nn/inception-v3/architecture.js';
import { halfPixelResize } from '../../nn/inception-v3/resize-to-inception.js';
import type { FeatureExtractor } from './contract.js';
import { inceptionWeights, openInception } from './inception-features.js';

/**
 * The FID Inception behind pytorch-fid's resizing: the numbers of pytorch-fid, of `fld` and of DPImageBench's tables. Another
 * resizing moves the FID of 32 x 32 images by several units: compare within one extractor only.
 */
export const inceptionPytorchFid: FeatureExtractor<'inception-pytorch-fid'> = {
  id: 'inception-pytorch-fid',
  name: 'inception-pytorch-fid (2048 features, Inception v3 of 2015-12-05, logits with bias)',
  size: inceptionFeatures,
  classes: inceptionClasses,
  preprocessing:
    'grey copied to 3 channels; bytes divided by 255; bilinear to 299 x 299 with half-pixel centres, no antialiasing; 2 v - 1',
  source: 'Heusel et al. 2017, arXiv 1706.08500; weights and preprocessing of pytorch-fid',
  weights: inceptionWeights,
  accepts: ({ channels }) => channels === 1 || channels === 3,
  open: openInception({ prepare: halfPixelResize, bias: true }),
};
