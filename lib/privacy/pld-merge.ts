import type { GridLosses } from './pld-pair.js';

/**
 * Outputs gathered into cells around each loss of the grid: their probability P, and the surplus P - exp(loss) Q, which
 * is above zero when the joint loss of a cell, ln P/Q, is above its loss on the grid.
 */
export interface Cells {
  readonly first: number;
  /** Cell k lies around shift + (first + k) * spacing. */
  readonly shift: number;
  readonly masses: Float64Array;
  readonly surplus: Float64Array;
  /** P of the losses above all cells. */
  readonly beyond: number;
}

/** Cells so near to the block take a share of it when they find none elsewhere; farther out that would stretch it. */
const near = 64;

/**
 * A post-processing of a mechanism whose losses lie on a grid. Merging outputs makes a cell one output, whose joint loss
 * misses the grid by a little (of second order in the spacing); mixing in a share of a cell on the other side of the
 * grid's loss meets it. Each cell takes its share from the next one outwards, so one pass from a heavy cell (the block),
 * which the grid is shifted to meet, to both ends settles all. A cell that finds no share there gets one of the block,
 * or is rounded down to a lower loss. Epsilon gets too small by a second order of the spacing.
 *
 * Which block is best depends on where the losses end; the best is the one that keeps most of the mean loss.
 */
export function mergeCells(cells: Cells, spacing: number): GridLosses {
  const { masses } = cells;
  const heaviest = masses.reduce((best, mass, k) => (mass > masses[best]! ? k : best), 0);
  const isHeavy = (mass: number) => mass > 0.1 * masses[heaviest]!;
  const [lowest, highest] = [masses.findIndex(isHeavy), masses.findLastIndex(isHeavy)];
  let best: { losses: GridLosses; mean: number } | undefined;
  // Too coarse a grid cannot keep the heaviest cell and its neighbours apart: they are joined.
  for (const [low, high] of [
    [heaviest, heaviest],
    [lowest, lowest],
    [highest, highest],
    ...[1, 2, 4, 8, 16, 32].map((more) => [heaviest, heaviest + more] as const),
  ] as const) {
    if (high >= masses.length) continue;
    const losses = new Merger(cells, spacing, low, high).merged();
    if (!losses) continue;
    const mean = losses.masses.reduce((sum, mass, k) => sum + mass * (losses.offset + (losses.first + k) * spacing), 0);
    if (!best || mean > best.mean) best = { losses, mean };
  }
  // Nothing can be claimed on this grid.
  return best?.losses ?? { offset: 0, first: cells.first, masses: new Float64Array(masses.length), infinity: 0 };
}

class Merger {
  readonly #out: Float64Array;
  readonly #offset: number;
  readonly #block: { at: number; mass: number; kept: number };

  /** Joins the cells from `low` to `high` into a block, and shifts the grid to meet it. */
  constructor(
    private readonly cells: Cells,
    private readonly spacing: number,
    private readonly low: number,
    private readonly high: number,
  ) {
    let [mass, surplus] = [0, 0];
    for (let k = low; k <= high; k++) {
      mass += cells.masses[k]!;
      surplus += this.#surplus(k, low, 0);
    }
    const loss = -Math.log1p(-surplus / mass);
    const whole = Math.round(loss / spacing);
    this.#offset = loss - whole * spacing;
    this.#block = { at: low + whole, mass, kept: 1 };
    this.#out = new Float64Array(cells.masses.length + 1); // from one place below the first cell
  }

  /** P - exp(loss) Q of cell k at the loss of grid point `place`, shifted by `offset`. */
  #surplus(k: number, place: number, offset: number): number {
    const excess = Math.expm1((place - k) * this.spacing + offset);
    return this.cells.surplus[k]! * (1 + excess) - this.cells.masses[k]! * excess;
  }

  #put(place: number, mass: number): void {
    this.#out[Math.max(0, place + 1)]! += mass;
  }

  /** Puts cell k at a grid point with a share of the block that brings it there; the two lie on different sides of it. */
  #mixWithBlock(k: number, place: number, kept: number): void {
    const surplus = kept * this.#surplus(k, place, this.#offset);
    const share = surplus / (this.#block.mass * Math.expm1((place - this.#block.at) * this.spacing));
    this.#block.kept -= share;
    this.#put(place, kept * this.cells.masses[k]! + share * this.#block.mass);
  }

  /** Undefined when the block would have to give away more than it has. */
  merged(): GridLosses | undefined {
    this.#outwardsUp();
    this.#outwardsDown();
    if (!(this.#block.kept >= 0)) return undefined;
    this.#put(this.#block.at, this.#block.kept * this.#block.mass);
    const { first, shift } = this.cells;
    return { offset: shift + this.#offset, first: first - 1, masses: this.#out, infinity: 0 };
  }

  #outwardsUp(): void {
    const { masses, beyond } = this.cells;
    let kept = 1;
    for (let k = this.high + 1; k < masses.length; k++) {
      const own = kept * this.#surplus(k, k, this.#offset);
      const donor = k + 1 < masses.length ? this.#surplus(k + 1, k, this.#offset) : 0;
      const share = -own / donor;
      if (own >= 0 && k > this.#block.at) {
        this.#mixWithBlock(k, k, kept);
        kept = 1;
      } else if (donor > 0 && share <= 1) {
        this.#put(k, kept * masses[k]! + share * masses[k + 1]!);
        kept = 1 - share;
      } else {
        if (k - 1 > this.#block.at && k - this.high < near) this.#mixWithBlock(k, k - 1, kept);
        else this.#put(k - 1, kept * masses[k]!);
        kept = 1;
      }
    }
    this.#put(masses.length - 1, beyond);
  }

  #outwardsDown(): void {
    const { masses } = this.cells;
    let kept = 1;
    for (let k = this.low - 1; k >= 0; k--) {
      const own = kept * this.#surplus(k, k, this.#offset);
      const donor = k > 0 ? this.#surplus(k - 1, k, this.#offset) : 0;
      const share = -own / donor;
      if (own <= 0 && k < this.#block.at) {
        this.#mixWithBlock(k, k, kept);
        kept = 1;
      } else if (donor < 0 && share <= 1) {
        this.#put(k, kept * masses[k]! + share * masses[k - 1]!);
        kept = 1 - share;
      } else {
        if (k + 1 < this.#block.at && this.low - k < near) this.#mixWithBlock(k, k + 1, kept);
        else this.#put(k, kept * masses[k]!);
        kept = 1;
      }
    }
  }
}
