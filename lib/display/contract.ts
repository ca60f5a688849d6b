import type { Displayable } from '../core/mime.js';
import type { Named } from '../core/registry.js';

/**
 * A kind of chart. The contract test draws the example of every chart: its bundle holds `text/plain` and `text/html`
 * with an `<img>` (so that something is seen where no script runs), escapes hostile names, stays small and is the same
 * each time.
 */
export interface Chart extends Named {
  /** One line for lists. */
  readonly title: string;
  /** A small chart on made-up data; `name` is put wherever a user's text goes. */
  example(name: string): Displayable;
}
