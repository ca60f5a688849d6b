import type { DisplayGlobals } from './display.js';

/** The globals of a cell that the kernel itself provides; the converter reads their types from here. */
export interface CellGlobals extends DisplayGlobals {
  /**
   * Asks the user for a line of text and waits for it. Null when the input was closed.
   *
   * @throws Error when the front-end takes no input (a notebook run from the command line).
   */
  prompt(question?: string, options?: { password?: boolean }): string | null;
  /** The running kernel. */
  kernel: {
    /** Aborts when the running cell is interrupted: pass it to long work, as `dp.run({ signal: kernel.signal })`. */
    readonly signal: AbortSignal;
  };
}
