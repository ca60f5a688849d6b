import { join } from 'node:path';
import { findPublishedFile, type PublishedFile } from '../../data/published-file.js';
import { imageRewardSizes, type BlipSizes } from '../../nn/blip/sizes.js';
import { cacheFolder } from '../../tensor/index.js';

/** A published model of human preference: its files and what they hold. */
export interface RewardFiles {
  /** As results name it. */
  readonly name: string;
  readonly weights: PublishedFile;
  readonly vocabulary: PublishedFile;
  /** Size of the download, in words. */
  readonly download: string;
  readonly sizes: BlipSizes;
}

/** ImageReward-v1.0 with the vocabulary of its tokenizer. Both are published under the Apache License 2.0. */
export const imageRewardFiles: RewardFiles = {
  name: 'ImageReward-v1.0 (BLIP: ViT-L/16 and BERT-base)',
  weights: {
    name: 'ImageReward.pt',
    title: 'weights of ImageReward-v1.0 (1.8 GB)',
    url: 'https://huggingface.co/THUDM/ImageReward/resolve/main/ImageReward.pt',
    sha256: 'd71dc8d4912bc633c06ab8ef1ef6a81e8199d4369f14b47b29baf1d19de561f6',
  },
  vocabulary: {
    name: 'bert-base-uncased-vocab.txt',
    title: 'vocabulary of bert-base-uncased',
    url: 'https://huggingface.co/google-bert/bert-base-uncased/resolve/86b5e0934494bd15c9632b12f734a8a67f723594/vocab.txt',
    sha256: '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
    bytes: 231_508,
  },
  download: '1.8 GB',
  sizes: imageRewardSizes,
};

/** Why the model cannot be used without a download, with the next step; nothing when its files are on this machine. */
export function whatIsMissing({ weights, vocabulary, download }: RewardFiles): string | undefined {
  const absent = [weights, vocabulary].filter((file) => findPublishedFile(file) === undefined);
  if (absent.length === 0) return undefined;
  const names = absent.map(({ name }) => name).join(' and ');
  const size = absent.includes(weights) ? ` (${download})` : '';
  const folder = join(cacheFolder(), 'weights');
  const places = absent.map(({ url, name }) => `${url} to ${join(folder, name)}`).join(' and ');
  const verb = absent.length > 1 ? 'are' : 'is';
  return `${names}${size} ${verb} not on this machine. Ask for image-reward by name to download, or bring ${places}`;
}
