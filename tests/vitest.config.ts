import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/property-seed.ts', 'tests/own-pretrained.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // TensorFlow uses every core by itself; two test processes side by side are enough on a small machine.
    maxWorkers: 2,
    pool: 'forks',
  },
});
