/** Mean scores of a method's runs at laptop scale, one a seed. */
export interface LaptopResult {
  readonly dataset: string;
  readonly epsilon: number;
  readonly seeds: number;
  /** Mean of the classifiers, %. */
  readonly accuracy: number;
  /** By the features of digit-cnn. */
  readonly fid: number;
  /** Of a run, scores included, on two cores. */
  readonly seconds: number;
}

/** Measured by `npm run bench -- methods --keep`, which writes this file. */
export const laptopResults: Readonly<Record<string, readonly LaptopResult[]>> = {};
