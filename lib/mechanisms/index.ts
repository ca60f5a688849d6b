export { gaussian, Mechanisms, type PlannedRelease, type Released } from './mechanisms.js';
export { measure, preview } from './measure.js';
export { Sensitive, type PublicFacts, type SensitiveImages } from './sensitive.js';
