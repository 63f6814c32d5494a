import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const bold = (text: string) => styleText('bold', text, { validateStream: false });
const red = (text: string) => styleText('red', text, { validateStream: false });

/** Draws what `npm start` has printed. */
async function draw(output: string): Promise<{ status: number | null; stderr: string; svg: () => string }> {
  const folder = temporaryFolder();
  const [from, out] = [path.join(folder, 'output'), path.join(folder, 'start.svg')];
  writeFileSync(from, output);
  const { status, stderr } = await runCommand('local/commands/picture.ts', ['--from', from, '--out', out]);
  return { status, stderr, svg: () => readFileSync(out, 'utf8') };
}

function play(...lines: string[]): string {
  return [bold('1. A release is under way in EDAS'), ...lines, '', bold('Your turn.')].join('\n');
}

test('a picture has nothing in it that differs from run to run, the order of the speakers included', async () => {
  const lines = (port: number, id: string, seconds: number) => [
    `   function → EDAS    GET http://127.0.0.1:${port}/pipeline`,
    `   function → log     {"time":"2026-11-25T16:24:0${seconds}.748Z","requestId":"${id}"}`,
    `   function → sender  answered 202 in ${seconds} ms`,
  ];
  const one = await draw(play(...lines(40_001, '3967861c-a6d8-4a11-89f7-33b7c1cee0d2', 5)));
  const two = await draw(play(...lines(9, '4705CC63-B40F-4EF2-825A-2766254EEF6E', 7).toReversed()));
  expect(two.svg()).toBe(one.svg());
  expect(one.svg()).toContain('GET http://127.0.0.1:9000/pipeline');
});

test('a picture shows the styles, what XML would take for its own, and the beginning of a long line', async () => {
  const { svg } = await draw(play(`   EDAS a <b> & ${red('c')}`, `   EDAS ${'x'.repeat(200)}`));
  expect(svg()).toContain('>   EDAS a &lt;b> &amp; <tspan fill="#ff7b72">c</tspan></text>');
  expect(svg()).toContain(`>   EDAS ${'x'.repeat(107)}…</text>`);
});

test('a play that has not ended is not drawn', async () => {
  const { status, stderr } = await draw('1. A release is under way in EDAS\n');
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'error npm start has not played to its end.\n' });
});
