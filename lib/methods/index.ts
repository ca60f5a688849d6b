import type { AnyMethod } from './contract.js';
import { dpMerf } from './dp-merf.js';

/** Every method that comes with dpbench, oldest paper first: one line a file. */
export const methodDefinitions: readonly AnyMethod[] = [dpMerf];
