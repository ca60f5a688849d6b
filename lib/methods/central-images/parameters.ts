import { count, countUpTo, oneOf, positive, type Parameters, type ParameterValues } from '../../core/options.js';
import { strongest } from '../../data/rand-augment/rand-augment.js';

/**
 * Parameters of central images, their defaults being DP-FETA's. The paper scale is the paper's for MNIST, F-MNIST and CIFAR-10. Its
 * others are published settings of `dp-feta` (rounds, batch, noise multiplier: CIFAR-100 and EuroSAT 1, 12000, 5; CelebA and Camelyon
 * 250, 12000, 10).
 *
 * The laptop scale reads all records once, since rounds on a part of them have more noise for the same cost, and its noise follows the
 * budget: at 8 times that of DP-SGD the latter is 0.3 % larger for it at epsilon 10 on MNIST, and 4 % at epsilon 1.
 */
export const centralImageParameters = {
  central: oneOf(['mean', 'mode'], 'mean', 'image that a class is shown by: each pixel’s mean, or its commonest value'),
  centralRounds: count({ smoke: 2, laptop: 1, paper: 5 }, 'central images released of each class'),
  centralBatchSize: count(
    { smoke: 6000, laptop: 1_000_000, paper: 6000 },
    'expected records in the Poisson batch of a round; all, where there are no more',
  ),
  centralNoise: oneOf(
    ['fixed', 'by-budget'],
    { smoke: 'fixed', laptop: 'by-budget', paper: 'fixed' },
    'by-budget: centralNoiseMultiplier is in units of the noise multiplier of the releases that come later',
  ),
  centralNoiseMultiplier: positive({ smoke: 20, laptop: 8, paper: 5 }, 'noise multiplier of a round'),
  centralDivisor: oneOf(
    ['expected', 'noisy-counts'],
    { smoke: 'expected', laptop: 'noisy-counts', paper: 'noisy-counts' },
    'what sums of a class are divided by: the number of records were all classes alike, or the class’s own, released with them',
  ),
  centralShrink: count({ smoke: 4, laptop: 2, paper: 2 }, 'side of the squares of pixels that become one first'),
  centralShrinkBy: oneOf(
    ['average', 'upper-left'],
    { smoke: 'average', laptop: 'average', paper: 'upper-left' },
    'what becomes of a square: its mean, or the pixel in its upper left corner',
  ),
  centralBins: count(2, 'equal bins of a pixel’s values, of the mode'),
  centralFilter: oneOf(
    ['none', 'median-and-sharpen'],
    { smoke: 'none', laptop: 'none', paper: 'median-and-sharpen' },
    'what is done to the released images: the median of 3 x 3 pixels, then, to grey ones, more contrast between neighbours',
  ),
  centralCopies: count({ smoke: 5, laptop: 40, paper: 200 }, 'varied copies of an image to train on'),
  centralAugment: oneOf(
    ['shaken', 'rand-augment'],
    { smoke: 'shaken', laptop: 'shaken', paper: 'rand-augment' },
    'how copies vary: turned and moved a little, or by two operations of RandAugment',
  ),
  centralMagnitude: countUpTo(
    strongest,
    { smoke: 9, laptop: 9, paper: 9 },
    'largest magnitude of RandAugment, up to 30',
  ),
} as const satisfies Parameters;

export type CentralImageParameters = ParameterValues<typeof centralImageParameters>;
