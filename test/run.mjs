// `npm test`: builds, then runs the tests and, beside them, the checks that do not run the code. The tests print as they
// go; the output of the checks comes after them. Arguments go to Vitest: npm test -- test/functions

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const bin = path.join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };

/** Runs a command as npm runs a script, but without starting npm, which takes longer than some of the scripts. */
function run(name, command, stdio) {
  return new Promise((resolve) => {
    const output = [];
    const child = spawn(command, { cwd: root, env, shell: true, stdio: ['ignore', stdio, stdio] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    child.once('close', (status) => resolve({ name, passed: status === 0, output: Buffer.concat(output) }));
  });
}

async function runInTurn(names) {
  const results = [];
  for (const name of names) results.push(await run(name, scripts[name], 'pipe'));
  return results;
}

function report(results) {
  for (const { name, passed, output } of results) {
    console.log(`\n${passed ? '✓' : '✗'} npm run ${name}`);
    process.stdout.write(output);
  }
}

const [build] = await runInTurn(['build']);
report([build]);
const results = [build];
if (build.passed) {
  const vitest = ['vitest run', ...process.argv.slice(2).map((each) => JSON.stringify(each))].join(' ');
  const [tests, checks] = await Promise.all([
    run('the tests', vitest, 'inherit'),
    runInTurn(['size', 'types', 'lint']),
  ]);
  report(checks);
  results.push(tests, ...checks);
}
const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
if (failed.length > 0) {
  console.log(`\nnpm test failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
