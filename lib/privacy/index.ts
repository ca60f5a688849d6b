export { accountants, defaultAccountant, type AccountantId } from './accountants.js';
export { audit, type AuditedMechanism, type AuditOptions, type AuditResult } from './audit.js';
export { calibrate, noiseMultiplier, type CalibrationTarget, type NoiseMultiplierOptions } from './calibrate.js';
export type { Accountant, AccountantOptions, EpsilonBracket } from './contract.js';
export {
  epsilon,
  epsilonByAccountant,
  epsilonOf,
  gaussianSteps,
  type AccountantAnswer,
  type AccountantChoice,
  type EpsilonOptions,
} from './epsilon.js';
export { Ledger, type LedgerOptions } from './ledger.js';
export type { LedgerEntry, LedgerRecord } from './ledger-entry.js';
export { samePlan } from './same-plan.js';
