import { accountants, type Accountant } from '../../lib/privacy/index.js';

/** Adds up pure epsilons and nothing else: an accountant that anybody can check in the head. */
export const pureSum: Accountant = accountants.define({
  id: 'sum-of-pure',
  title: 'sum of pure epsilons',
  refuses: () => undefined,
  epsilon(event) {
    const parts = event.kind === 'composed' ? event.events : [event];
    const sum = parts.reduce((total, part) => total + (part.kind === 'pure-epsilon' ? part.epsilon : 0), 0);
    return { lower: sum, estimate: sum, upper: sum };
  },
});
