import { expect, it } from 'vitest';
import { count, positive } from '../../../lib/core/options.js';
import { defineMethod } from '../../../lib/methods/contract.js';
import { methods } from '../../../lib/methods/methods.js';
import { methodParameters } from '../../../lib/methods/settings.js';

const method = defineMethod({
  ...methods.get('dpdm'),
  id: 'made-up',
  params: { steps: count({ smoke: 1, laptop: 2, paper: 3 }, 'steps'), rate: positive(0.5, 'learning rate') },
  published: [
    { datasets: ['a', 'b'], params: { steps: 30, rate: 2 } },
    { datasets: ['b'], epsilon: 1, params: { steps: 40 } },
  ],
  spends: () => [],
  fit: () => Promise.reject(new Error('not run')),
});

it('takes what was published for a dataset at paper scale only, and what is given over all', () => {
  const at = (dataset: string, occasion: object = {}, given: object = {}) =>
    methodParameters(method, { scale: 'paper', dataset, epsilon: 10, ...occasion }, { ...given });
  expect(at('other')).toEqual({ steps: 3, rate: 0.5 });
  expect(at('a', { scale: 'laptop' })).toEqual({ steps: 2, rate: 0.5 });
  expect(at('a')).toEqual({ steps: 30, rate: 2 });
  expect(at('b')).toEqual({ steps: 30, rate: 2 });
  expect(at('b', { epsilon: 1 })).toEqual({ steps: 40, rate: 2 });
  // Up to 5 the reference takes its files for 1.
  expect([5, 5.1].map((epsilon) => at('b', { epsilon })['steps'])).toEqual([40, 30]);
  expect(at('b', { epsilon: undefined })).toEqual({ steps: 30, rate: 2 });
  expect(at('b', { epsilon: 1 }, { steps: 7, rate: undefined })).toEqual({ steps: 7, rate: 2 });
  expect(() => at('a', {}, { stepz: 1 })).toThrow("made-up: unknown option; got 'stepz'");
});

// Passes x ceil(N / 4096) of the whole training sets: 60,000, 50,000, 23,000, 162,770 and 302,436 records.
it.each([
  ['dpdm', 'mnist', { steps: 2250, copies: 32, sampler: 'heun', samplerSteps: 1000 }],
  ['dpdm', 'cifar-10', { steps: 1950, sampler: 'ddim', samplerSteps: 250 }],
  ['dpdm', 'eurosat', { steps: 1800, batchSize: 2048, sampler: 'heun', samplerSteps: 250, churnFrom: 0.1 }],
  ['dpdm', 'celeba-male-64', { steps: 4000, copies: 4 }],
  ['pdp-diffusion', 'celeba-male-32', { steps: 4000, copies: 32, publicSteps: 200_160 }],
  ['pdp-diffusion', 'celeba-male-128', { steps: 2000, copies: 4, publicSteps: 800_720, publicBatchSize: 64 }],
  ['pdp-diffusion', 'camelyon17', { steps: 3700, batchSize: 4096 }],
])('%s on %s at paper scale, epsilon 10', (id, dataset, expected) => {
  expect(methodParameters(methods.get(id), { scale: 'paper', dataset, epsilon: 10 })).toMatchObject(expected);
});
