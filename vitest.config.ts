import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const all = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name.replaceAll('\\', '/')}`);

// These start programs that the project does not install.
const real = all.filter((file) => file.startsWith('test/real/'));
const files = all.filter((file) => !real.includes(file));

// What one of these puts in the place of a module or of the environment, no other test may find there.
const alone = files.filter((file) => /\bvi\.(mock|hoisted|stub\w+)\(/.test(readFileSync(file, 'utf8')));

export default defineConfig(({ mode }) => {
  if (mode === 'real') return { test: { include: real, testTimeout: 120_000 } };
  const isLong = mode === 'long';
  const test = {
    // For a busy machine: a property with hundreds of runs takes seconds there.
    testTimeout: isLong ? 600_000 : 20_000,
    env: { TEST_RUNS: isLong ? 'long' : 'short' },
  };
  return {
    test: {
      // What more would do is done beside them: types and lint. Many tests have real servers and real time, which runs out
      // where too much is done at once.
      maxWorkers: 2,
      projects: [
        {
          test: {
            ...test,
            name: 'together',
            include: files,
            exclude: alone,
            globalSetup: 'test/support/compiled-commands.ts',
            // To load for each file what the file before has loaded took as long as all tests in this process.
            isolate: false,
          },
        },
        { test: { ...test, name: 'alone', include: alone } },
      ],
    },
  };
});
