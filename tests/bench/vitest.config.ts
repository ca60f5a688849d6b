import { defineConfig } from 'vitest/config';

/** `npm run bench -- accounting` runs tests/bench/accounting.bench.ts: programs that measure and print, one at a time. */
export default defineConfig({
  test: {
    include: ['tests/bench/**/*.bench.ts'],
    testTimeout: 900_000,
    maxWorkers: 1,
    pool: 'forks',
    disableConsoleIntercept: true,
  },
});
