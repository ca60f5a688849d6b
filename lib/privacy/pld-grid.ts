import { gaussNodes, gaussWeights } from './gauss-legendre.js';
import { mergeCells } from './pld-merge.js';
import type { GridLosses, OutputPair, PairMass } from './pld-pair.js';
import type { Direction } from './pld-plan.js';

/** One release on a grid, for both bounds, in one direction. */
export interface Discretised {
  readonly above: GridLosses;
  /** Undefined when it was not asked for. */
  readonly below: GridLosses | undefined;
}

/**
 * Puts the losses of one release on a grid, in two ways.
 *
 * `above` is never too private: "connect the dots" (Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022,
 * arXiv 2207.04380): an output whose loss lies between two of the grid is split between these two so that P and Q of it
 * are kept, that is, the mechanism is a post-processing of what is on the grid.
 * `below` is never too leaky: a post-processing of the mechanism; see pld-merge.ts.
 * Losses of more than `cap` become infinite in the first and `cap` in the second: at an epsilon that is 6 below, that
 * changes what they add to delta by less than exp(-6) of it.
 */
export function discretise(
  pair: OutputPair,
  direction: Direction,
  { spacing, cap, withBelow }: { spacing: number; cap: number; withBelow: boolean },
): Discretised {
  const dots = new Dots(pair, spacing, cap);
  const seen = new Float64Array(3);
  const collect = (fromLoss: number, toLoss: number) =>
    integrate(pair, pair.outputAt(fromLoss), pair.outputAt(toLoss), (x, weight) => {
      pair.look(x, seen);
      dots.put(seen[0]!, weight * seen[1]!, weight * seen[2]!);
    });
  const { first, last, shift } = dots;
  dots.outside('below', () => collect(-Infinity, first * spacing));
  for (let place = first; place < last; place++) {
    dots.open(place);
    if (withBelow) {
      collect(place * spacing, (place + 0.5) * spacing + shift);
      collect((place + 0.5) * spacing + shift, (place + 1) * spacing);
    } else collect(place * spacing, (place + 1) * spacing);
    dots.close();
  }
  dots.outside('above', () => collect(last * spacing, Infinity));
  for (const { loss, p, q } of pair.atoms) {
    const place = Math.floor(loss / spacing);
    if (place < first || place >= last) dots.outside(place < first ? 'below' : 'above', () => dots.put(loss, p, q));
    else {
      dots.open(place);
      dots.put(loss, p, q);
      dots.close();
    }
  }
  return { above: dots.above(direction), below: withBelow ? dots.below(direction) : undefined };
}

/** Calls `at` with nodes and weights of a Gauss-Legendre rule whose error is below 1e-13 of the integral. */
function integrate(pair: OutputPair, least: number, most: number, at: (x: number, weight: number) => void): void {
  const [from, to] = [Math.max(pair.from, least), Math.min(pair.to, most)];
  if (!(to > from)) return;
  const panels = Math.ceil((pair.steepness * (to - from)) / 4);
  const half = (to - from) / panels / 2;
  const steep = 2 * half * pair.steepness;
  const rule = steep < 2e-3 ? 0 : steep < 0.05 ? 1 : steep < 0.7 ? 2 : 3;
  const [nodes, weights] = [gaussNodes[rule]!, gaussWeights[rule]!];
  for (let panel = 0; panel < panels; panel++) {
    const centre = from + (2 * panel + 1) * half;
    for (let i = 0; i < nodes.length; i++) at(centre + half * nodes[i]!, half * weights[i]!);
  }
}

/** Collects P and Q of outputs, cell by cell, for both bounds and both directions. */
class Dots {
  /** The first and the last loss of the grid, as multiples of the spacing. */
  readonly first: number;
  readonly last: number;
  /** The cells of the lower bound lie around the losses of the grid plus this. */
  readonly shift: number;
  readonly #removed: Float64Array;
  readonly #added: Float64Array;
  readonly #cells: Record<'p' | 'surplusP' | 'q' | 'surplusQ', Float64Array>;
  readonly #beyond = { removed: 0, added: 0 };
  readonly #capped = { p: 0, q: 0 };
  #place = 0;
  readonly #span: number;
  readonly #sum = { p: 0, q: 0, pUp: 0, qUp: 0 };

  constructor(
    pair: OutputPair,
    private readonly spacing: number,
    cap: number,
  ) {
    const ends = pair.atoms.map(({ loss }) => loss);
    const seen = new Float64Array(3);
    for (const x of pair.to > pair.from ? [pair.from, pair.to] : []) {
      pair.look(x, seen);
      ends.push(seen[0]!);
    }
    const reach = Math.ceil(cap / spacing);
    this.first = Math.max(Math.floor(Math.min(...ends) / spacing), -reach);
    this.last = Math.max(this.first + 1, Math.min(Math.ceil(Math.max(...ends) / spacing) + 1, reach));
    this.shift = shiftFor(pair, spacing);
    const zeros = () => new Float64Array(this.last - this.first + 1);
    [this.#removed, this.#added] = [zeros(), zeros()];
    this.#cells = { p: zeros(), surplusP: zeros(), q: zeros(), surplusQ: zeros() };
    this.#span = -Math.expm1(-spacing);
    this.#outside(pair.below, pair.above);
  }

  /** Starts the cell from a loss of the grid to the next. */
  open(place: number): void {
    this.#place = place;
    this.#sum.p = this.#sum.q = this.#sum.pUp = this.#sum.qUp = 0;
  }

  put(loss: number, p: number, q: number): void {
    const [sum, cells, spacing] = [this.#sum, this.#cells, this.spacing];
    sum.p += p;
    sum.q += q;
    const above = loss - this.#place * spacing;
    sum.pUp -= p * Math.expm1(-above);
    sum.qUp -= q * Math.expm1(above - spacing);
    const nearest = Math.round((loss - this.shift) / spacing);
    if (nearest > this.last) this.#capped.p += p;
    else if (nearest < this.first) this.#capped.q += q;
    else {
      const k = nearest - this.first;
      const offset = loss - this.shift - nearest * spacing;
      cells.p[k]! += p;
      cells.surplusP[k]! -= p * Math.expm1(-offset);
      cells.q[k]! += q;
      cells.surplusQ[k]! -= q * Math.expm1(offset);
    }
  }

  close(): void {
    const { p, q } = this.#sum;
    const k = this.#place - this.first;
    const pUp = clamp(this.#sum.pUp / this.#span, p);
    const qUp = clamp(this.#sum.qUp / this.#span, q);
    this.#removed[k + 1]! += pUp;
    this.#removed[k]! += p - pUp;
    this.#added[k]! += qUp;
    this.#added[k + 1]! += q - qUp;
  }

  /** All that `collect` puts lies on one side of the grid. */
  outside(side: 'below' | 'above', collect: () => void): void {
    this.open(0);
    collect();
    const [mass, none] = [
      { p: this.#sum.p, q: this.#sum.q },
      { p: 0, q: 0 },
    ];
    this.#outside(side === 'below' ? mass : none, side === 'above' ? mass : none);
  }

  /** Upper bounds move a loss up: to the next one of the grid, or to infinity. */
  #outside(below: PairMass, above: PairMass): void {
    this.#removed[0]! += below.p;
    this.#beyond.added += below.q;
    this.#beyond.removed += above.p;
    this.#added[this.#added.length - 1]! += above.q;
  }

  above(direction: Direction): GridLosses {
    const { removed, added } = this.#beyond;
    if (direction === 1) return { offset: 0, first: this.first, masses: this.#removed, infinity: removed };
    return { offset: 0, first: -this.last, masses: this.#added.reverse(), infinity: added };
  }

  below(direction: Direction): GridLosses {
    const { p, surplusP, q, surplusQ } = this.#cells;
    const { first, last, shift, spacing } = this;
    if (direction === 1)
      return mergeCells({ first, shift, masses: p, surplus: surplusP, beyond: this.#capped.p }, spacing);
    const [masses, surplus] = [q.reverse(), surplusQ.reverse()];
    return mergeCells({ first: -last, shift: -shift, masses, surplus, beyond: this.#capped.q }, spacing);
  }
}

const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));

/**
 * Many losses may lie close above their lowest value, ln(1 - rate). Cells are placed such that all of the losses up to half
 * a spacing above a cell's loss together have just that joint loss: then the lowest cell needs no neighbour below it.
 */
function shiftFor(pair: OutputPair, spacing: number): number {
  if (!pair.jointLossBelow) return 0;
  let [from, to] = [pair.from, pair.to];
  const seen = new Float64Array(3);
  for (let round = 0; round < 50; round++) {
    const middle = (from + to) / 2;
    pair.look(middle, seen);
    if (pair.jointLossBelow(middle) + spacing / 2 > seen[0]!) from = middle;
    else to = middle;
  }
  const loss = pair.jointLossBelow(from);
  return loss - spacing * Math.round(loss / spacing);
}
