import type { PublishedSettings } from '../contract.js';
import type { CentralImageParameters } from './parameters.js';

const celeba = ['celeba-male-32', 'celeba-male-64', 'celeba-male-128'];

/** What DPImageBench sets for central images of colour images whatever the method: bins of the mode, and smaller large images. */
export const publishedCentralImages: readonly PublishedSettings<CentralImageParameters>[] = [
  { datasets: ['cifar-10', 'cifar-100', 'eurosat', 'camelyon17', ...celeba], params: { centralBins: 16 } },
  { datasets: ['celeba-male-64'], params: { centralShrink: 4 } },
  { datasets: ['celeba-male-128'], params: { centralShrink: 8 } },
];
