import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each file starts real servers on free ports, and many of them wait: four at a time fill two cores.
    maxWorkers: 4,
    // For a busy machine: a property with thousands of runs takes seconds there.
    testTimeout: 20_000,
  },
});
