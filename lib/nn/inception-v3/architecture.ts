/** A piece of the network: what becomes of images `[batch, height, width, channels]`. */
export type Piece = Convolution | Pool | Sequence | Fork;

/** A convolution without bias, batch normalisation, ReLU. */
export interface Convolution {
  readonly kind: 'convolution';
  /** The published weights call its tensors `NAME.conv.weight`, `NAME.bn.weight`, … */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly size: Size;
  readonly stride: 1 | 2;
  readonly padding: Padding;
}

/** A 3 x 3 pool; an average is over the pixels that are there, without the zeros around them. */
export interface Pool {
  readonly kind: 'maximum' | 'average';
  readonly stride: 1 | 2;
  readonly padding: Padding;
}

/** One piece after the other. */
export interface Sequence {
  readonly kind: 'sequence';
  readonly pieces: readonly Piece[];
}

/** Pieces side by side on the same input; their channels come one after the other. */
export interface Fork {
  readonly kind: 'fork';
  readonly pieces: readonly Piece[];
}

type Size = readonly [height: number, width: number];
type Padding = 'same' | 'valid';

const sequence = (...pieces: Piece[]): Sequence => ({ kind: 'sequence', pieces });
const fork = (...pieces: Piece[]): Fork => ({ kind: 'fork', pieces });

const point: Size = [1, 1];
const square: Size = [3, 3];
const row: Size = [1, 7];
const column: Size = [7, 1];

const averages: Pool = { kind: 'average', stride: 1, padding: 'same' };
const maxima: Pool = { kind: 'maximum', stride: 1, padding: 'same' };
const halvedMaxima: Pool = { kind: 'maximum', stride: 2, padding: 'valid' };

function convolution(name: string, inputs: number, outputs: number, size: Size): Convolution {
  return { kind: 'convolution', name, inputs, outputs, size, stride: 1, padding: 'same' };
}

/** Without zeros around the images. */
const bare = (layer: Convolution): Convolution => ({ ...layer, padding: 'valid' });
const halved = (layer: Convolution): Convolution => ({ ...bare(layer), stride: 2 });

/** Convolutions one after the other; each takes what the one before gives. */
function chain(block: string, inputs: number, ...layers: readonly (readonly [string, number, Size])[]): Sequence {
  let channels = inputs;
  return sequence(
    ...layers.map(([name, outputs, size]) => {
      const layer = convolution(`${block}.${name}`, channels, outputs, size);
      channels = outputs;
      return layer;
    }),
  );
}

/** The same with the last one of stride 2 and without zeros around the images. */
function halvingChain(...of: Parameters<typeof chain>): Sequence {
  const { pieces } = chain(...of);
  return sequence(...pieces.slice(0, -1), halved(pieces.at(-1) as Convolution));
}

/** 35 x 35 pixels. */
function blockA(name: string, inputs: number, pooled: number): Fork {
  return fork(
    chain(name, inputs, ['branch1x1', 64, point]),
    chain(name, inputs, ['branch5x5_1', 48, point], ['branch5x5_2', 64, [5, 5]]),
    chain(name, inputs, ['branch3x3dbl_1', 64, point], ['branch3x3dbl_2', 96, square], ['branch3x3dbl_3', 96, square]),
    sequence(averages, chain(name, inputs, ['branch_pool', pooled, point])),
  );
}

/** 35 x 35 to 17 x 17 pixels. */
function blockB(name: string, inputs: number): Fork {
  const double = halvingChain(
    name,
    inputs,
    ['branch3x3dbl_1', 64, point],
    ['branch3x3dbl_2', 96, square],
    ['branch3x3dbl_3', 96, square],
  );
  return fork(halvingChain(name, inputs, ['branch3x3', 384, square]), double, halvedMaxima);
}

/** 17 x 17 pixels, 768 channels; 7 x 7 kernels as a row and a column. */
function blockC(name: string, inner: number): Fork {
  const double = chain(
    name,
    768,
    ['branch7x7dbl_1', inner, point],
    ['branch7x7dbl_2', inner, column],
    ['branch7x7dbl_3', inner, row],
    ['branch7x7dbl_4', inner, column],
    ['branch7x7dbl_5', 192, row],
  );
  return fork(
    chain(name, 768, ['branch1x1', 192, point]),
    chain(name, 768, ['branch7x7_1', inner, point], ['branch7x7_2', inner, row], ['branch7x7_3', 192, column]),
    double,
    sequence(averages, chain(name, 768, ['branch_pool', 192, point])),
  );
}

/** 17 x 17 to 8 x 8 pixels. */
function blockD(name: string): Fork {
  const long = halvingChain(
    name,
    768,
    ['branch7x7x3_1', 192, point],
    ['branch7x7x3_2', 192, row],
    ['branch7x7x3_3', 192, column],
    ['branch7x7x3_4', 192, square],
  );
  return fork(halvingChain(name, 768, ['branch3x3_1', 192, point], ['branch3x3_2', 320, square]), long, halvedMaxima);
}

/** 8 x 8 pixels; the two blocks of this kind differ in their pool. */
function blockE(name: string, inputs: number, pool: Pool): Fork {
  const rowAndColumn = (branch: string) =>
    fork(convolution(`${name}.${branch}a`, 384, 384, [1, 3]), convolution(`${name}.${branch}b`, 384, 384, [3, 1]));
  return fork(
    chain(name, inputs, ['branch1x1', 320, point]),
    sequence(chain(name, inputs, ['branch3x3_1', 384, point]), rowAndColumn('branch3x3_2')),
    sequence(
      chain(name, inputs, ['branch3x3dbl_1', 448, point], ['branch3x3dbl_2', 384, square]),
      rowAndColumn('branch3x3dbl_3'),
    ),
    sequence(pool, chain(name, inputs, ['branch_pool', 192, point])),
  );
}

/**
 * Inception v3 as FID has it: TensorFlow's graph of 2015-12-05 under the names of its PyTorch port. `[batch, 299, 299, 3]` in
 * [-1, 1] to `[batch, 8, 8, 2048]`. It differs from the paper (Szegedy et al. 2015, arXiv 1512.00567) in the last block, whose
 * pool is of maxima.
 */
export const inceptionV3 = sequence(
  halved(convolution('Conv2d_1a_3x3', 3, 32, square)), // [batch, 149, 149, 32]
  bare(convolution('Conv2d_2a_3x3', 32, 32, square)), // [batch, 147, 147, 32]
  convolution('Conv2d_2b_3x3', 32, 64, square), // [batch, 147, 147, 64]
  halvedMaxima, // [batch, 73, 73, 64]
  bare(convolution('Conv2d_3b_1x1', 64, 80, point)), // [batch, 73, 73, 80]
  bare(convolution('Conv2d_4a_3x3', 80, 192, square)), // [batch, 71, 71, 192]
  halvedMaxima, // [batch, 35, 35, 192]
  blockA('Mixed_5b', 192, 32), // [batch, 35, 35, 256]
  blockA('Mixed_5c', 256, 64), // [batch, 35, 35, 288]
  blockA('Mixed_5d', 288, 64), // [batch, 35, 35, 288]
  blockB('Mixed_6a', 288), // [batch, 17, 17, 768]
  blockC('Mixed_6b', 128), // [batch, 17, 17, 768]
  blockC('Mixed_6c', 160), // [batch, 17, 17, 768]
  blockC('Mixed_6d', 160), // [batch, 17, 17, 768]
  blockC('Mixed_6e', 192), // [batch, 17, 17, 768]
  blockD('Mixed_7a'), // [batch, 8, 8, 1280]
  blockE('Mixed_7b', 1280, averages), // [batch, 8, 8, 2048]
  blockE('Mixed_7c', 2048, maxima), // [batch, 8, 8, 2048]
);

/** Sides of the images that it sees, length of its features, and of its last layer: ImageNet's 1000 classes and 8 unused. */
export const inceptionSide = 299;
export const inceptionFeatures = 2048;
export const inceptionClasses = 1008;

/** All convolutions of a piece, in the order in which they are computed. */
export function convolutionsOf(piece: Piece): Convolution[] {
  if (piece.kind === 'convolution') return [piece];
  return 'pieces' in piece ? piece.pieces.flatMap(convolutionsOf) : [];
}
