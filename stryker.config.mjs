/**
 * Mutation testing, `npm run mutation`. docs/mutation.md says how to read what it finds.
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  mutate: [
    'functions/webhook/verify/**/*.ts',
    // Of that room, what the follow function needs as well.
    'functions/lib/{decode-bytes,dingtalk-signature,whsec}.ts',
    'functions/secrets/decode-secret.ts',
    'functions/rollback/**/*.ts',
    'functions/claim/**/*.ts',
    'functions/edas/**/*.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'progress', 'json', 'html'],
  clearTextReporter: { reportTests: false, logTests: false },
  jsonReporter: { fileName: '.stryker/mutation.json' },
  htmlReporter: { fileName: '.stryker/mutation.html' },
  tempDirName: '.stryker/tmp',
  // Everything else is copied there. No test needs these, and nobody's credentials should lie around twice.
  ignorePatterns: ['/dist', '/.sandbox', '/.template', '/.s', '/.env'],
};
