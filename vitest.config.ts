import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each file starts real servers on free ports; two at a time fit two cores.
    maxWorkers: 2,
  },
});
