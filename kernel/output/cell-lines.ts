import { SourceMap, type SourceMapPayload } from 'node:module';

/** tslab puts one line in front of each cell before it compiles it. */
const prefixLines = 1;
const kept = 500;

/** The file name that a cell runs under, for `Cell 3` or `Expression 7`. */
export const cellFile = (label: string): string => `${label}.ts`;

/** A place in a compiled cell, as stack traces write it: label, line and column. */
export const cellPlace = /((?:Cell|Expression) \d+)\.ts:(\d+):(\d+)/g;

interface CellMap {
  readonly source: readonly string[];
  readonly maps: readonly SourceMap[];
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Translates lines of the compiled cells to lines that the user wrote. */
export class CellLines {
  readonly #cells = new Map<string, { source: string; maps: readonly string[]; parsed?: CellMap }>();

  add(label: string, source: string, maps: readonly string[]): void {
    this.#cells.delete(label);
    this.#cells.set(label, { source, maps });
    if (this.#cells.size > kept) this.#cells.delete(this.#cells.keys().next().value!);
  }

  /** Line and column (both from 1) in the cell, for a place in the compiled text. */
  place(label: string, line: number, column: number): Place | undefined {
    const cell = this.#parsed(label);
    if (!cell) return undefined;
    let at = { line: line - 1, column: column - 1 };
    for (const map of cell.maps) {
      const found = map.findEntry(at.line, at.column);
      if (!('originalLine' in found)) return undefined;
      at = { line: found.originalLine, column: found.originalColumn };
    }
    return { line: Math.max(1, at.line + 1 - prefixLines), column: at.column + 1 };
  }

  source(label: string): readonly string[] | undefined {
    return this.#parsed(label)?.source;
  }

  #parsed(label: string): CellMap | undefined {
    const cell = this.#cells.get(label);
    if (!cell) return undefined;
    return (cell.parsed ??= {
      source: cell.source.split('\n'),
      maps: cell.maps.map((text) => new SourceMap(JSON.parse(text) as SourceMapPayload)),
    });
  }
}
