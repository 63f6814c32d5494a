// What `npm test` runs: the build, then the tests, and beside them what looks at the code without running it. The tests
// write as they go; what the others have written comes after them. With arguments for Vitest: npm test -- test/functions

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const bin = path.join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };

/** Runs a script of package.json as npm does, without starting npm for it. */
function run(name, command, stdout) {
  return new Promise((resolve) => {
    const output = [];
    const child = spawn(command, { cwd: root, env, shell: true, stdio: ['ignore', stdout, stdout] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    child.once('close', (status) => resolve({ name, isGood: status === 0, output: Buffer.concat(output) }));
  });
}

async function runAll(names) {
  const ended = [];
  for (const name of names) ended.push(await run(name, scripts[name], 'pipe'));
  return ended;
}

function report(ended) {
  for (const { name, isGood, output } of ended) {
    console.log(`\n${isGood ? '✓' : '✗'} npm run ${name}`);
    process.stdout.write(output);
  }
}

const quoted = process.argv.slice(2).map((each) => JSON.stringify(each));
const build = await run('build', scripts.build, 'pipe');
report([build]);
if (build.isGood) {
  const [tests, looked] = await Promise.all([
    run('test', ['vitest run', ...quoted].join(' '), 'inherit'),
    runAll(['size', 'types', 'lint']),
  ]);
  report(looked);
  const failed = [tests, ...looked].filter(({ isGood }) => !isGood).map(({ name }) => name);
  if (failed.length > 0) console.log(`\nnpm test failed: ${failed.join(', ').replace('test', 'the tests')}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
} else {
  console.log('\nnpm test failed: build');
  process.exitCode = 1;
}
