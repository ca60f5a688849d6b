import type { FeatureExtractor, FeatureNetwork } from './contract.js';

/** Opens a network once a process; a failure is not kept. */
export function openOnce(open: (signal?: AbortSignal) => Promise<FeatureNetwork>): FeatureExtractor['open'] {
  let opened: Promise<FeatureNetwork> | undefined;
  return (signal) => {
    if (opened) return opened;
    opened = open(signal);
    opened.catch(() => (opened = undefined));
    return opened;
  };
}
