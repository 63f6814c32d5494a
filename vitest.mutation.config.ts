import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The tests of the rooms that are mutated. None of them builds a bundle or starts a process.
    include: [
      'test/functions/webhook/verify/*.test.ts',
      'test/functions/lib/whsec.test.ts',
      'test/functions/secrets/decode-secret.test.ts',
      'test/functions/rollback/*.test.ts',
      'test/functions/edas/*.test.ts',
      'test/functions/claim/*.test.ts',
    ],
    // Thousands of runs, for each of hundreds of mutants.
    exclude: ['**/*.fuzz.test.ts', '**/*.model.test.ts'],
  },
});
