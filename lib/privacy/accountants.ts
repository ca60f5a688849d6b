import type { PrivacyEvent } from '../core/events.js';
import { Registry } from '../core/registry.js';
import type { Accountant } from './contract.js';
import { gdp } from './gaussian.js';
import { pld } from './pld.js';
import { rdp } from './rdp.js';

/** All accountants, by name; `accountants.define(...)` adds one. */
export const accountants = new Registry<Accountant>('accountant', [pld, rdp, gdp]);

/** Name of an accountant: one of these, or of one that was defined. */
export type AccountantId = 'pld' | 'rdp' | 'gdp' | (string & {});

/** PLD, which is exact for full-batch Gaussian noise and a narrow bracket otherwise; RDP for the few events it refuses. */
export function defaultAccountant(event: PrivacyEvent): AccountantId {
  return pld.refuses(event) === undefined ? 'pld' : 'rdp';
}
