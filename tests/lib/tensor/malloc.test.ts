import { expect, it } from 'vitest';
import { computeEnvironment, mallocVariables } from '../../../lib/tensor/index.js';

it('computeEnvironment adds the malloc variables, keeps the rest and what the user set', () => {
  expect(computeEnvironment({ HOME: '/h' })).toEqual({ HOME: '/h', ...mallocVariables });
  const mine = { MALLOC_TRIM_THRESHOLD_: '1' };
  expect(computeEnvironment(mine)).toEqual({ ...mallocVariables, MALLOC_TRIM_THRESHOLD_: '1' });
  // 8 GiB in bytes, as glibc's mallopt(3) takes them.
  expect(Number(mallocVariables.MALLOC_MMAP_THRESHOLD_)).toBe(8 * 1024 ** 3);
});
