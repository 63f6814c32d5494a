import '../cli/ignore-debug.ts';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { root } from '../cli/root.ts';

const description =
  'In eight steps: a signed webhook is answered 202 and rolls a release back, a task tells people how it began and how it ' +
  'ended, the same webhook again is answered 200, and a forged one 401. Then an alert comes ten minutes after a release ' +
  'ended: a task deploys the version before and tells people that all instances are healthy, and a repeat is answered 200.';

/** How the styles of local/cli/terminal.ts look, by the code that begins them: ECMA-48, 8.3.117. 22 and 39 end a style. */
const styles: Record<string, string> = {
  1: 'fill="#ffffff" font-weight="bold"',
  2: 'fill="#9198a1"',
  31: 'fill="#ff7b72"',
  32: 'fill="#56d364"',
  35: 'fill="#d2a8ff"',
  36: 'fill="#79c0ff"',
};
const columns = 116;

/** The order of the lines in a step: EDAS, the function and the task write at the same time, so it differs from run to run. */
const speakers = [
  ...['EDAS', 'sender → function', 'function → EDAS', 'function → FC', 'function → log', 'function → sender'],
  ...['task → EDAS', 'task → FC', 'task → log', 'task → people'],
];
const escapeCode = new RegExp(String.raw`\u001B\[(\d+)m`);
const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const firstRollback = '9f410c84-cf3f-416a-bcef-90f8ce827b5d';
const lateRollback = '2c9e8d57-0f4b-4d6e-8a41-7b6f0e93d215';

/** The steps of each act, counted from 0, and the one of them that a task plays in: it begins when it likes. */
const acts = [
  { from: 0, taskStep: 2, to: 5 },
  { from: 5, taskStep: 6, to: 8 },
];

await runCommand({
  summary: 'Draws the terminal of npm start for the README. The same output gives the same picture.',
  usage: 'npm run picture -- [--from FILE] [--out FILE]',
  options: {
    from: { type: 'string', value: 'FILE', help: 'what npm start has printed, in colours   (it is run)' },
    out: {
      type: 'string',
      value: 'FILE',
      default: path.join(root, 'docs/pictures/start.svg'),
      help: 'the SVG   (docs/pictures/start.svg)',
    },
  },
  run: async ({ from, out }) => {
    const output = from === undefined ? await runSandbox() : readFileSync(from, 'utf8');
    const [, play] = /^([^\n]*1\. A release is under way.*?)\n+^[^\n]*Your turn\./ms.exec(output) ?? [];
    if (play === undefined) throw new CliError('npm start has not played to its end.');
    writeFileSync(out, draw(inOrder(withoutVariation(play))));
    console.log(`Wrote ${out}. Look at it before you commit it.`);
  },
});

async function runSandbox(): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/commands/start.ts', '--port', '0'], {
    cwd: root,
    // No setting of the shell, such as ROLLBACK_SUSPENDED or NO_COLOR, may change the picture.
    env: { PATH: process.env['PATH'], FORCE_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (chunk: Buffer) => chunk.includes('Ctrl-C stops.') && child.kill('SIGINT'));
  return text(child.stdout);
}

/** Replaces what differs from run to run. Signatures do not: bodies and secrets of the sandbox are always the same. */
function withoutVariation(play: string): string {
  const idAfter = (words: string) => new RegExp(`${words} .*(${uuid})`).exec(play)?.[1];
  return (
    play
      .replaceAll(idAfter('Rollback of') ?? firstRollback, firstRollback)
      .replaceAll(idAfter('Rollback Application') ?? lateRollback, lateRollback)
      .replaceAll(
        new RegExp(`(?!dc5133d7|9f410c84|b70a4c1e|2c9e8d57)${uuid}`, 'gi'),
        '00000000-0000-4000-8000-000000000000',
      )
      .replaceAll(/(?<=127\.0\.0\.1:)\d+/g, '9000')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-01-01T03:00:00.000Z')
      .replaceAll(/(?<= in )\d+(?= ms$)/gm, '…')
      .replaceAll(/(?<=Time since the request: |请求至今：)\d+/g, (seconds) =>
        Number(seconds) < 5 ? '0' : '6',
      )
      // Over within a moment, so that the sandbox may not see it.
      .replaceAll(/.*Rollback of .*: 0 \(ready\).*\n/g, '')
  );
}

/** The lines of the play, in each step by speaker. Those of a task all go to one step of its act. */
function inOrder(play: string): string[] {
  const steps = play.split('\n\n').map((step) => step.split(/\n(?= {3}\S)/));
  const speakerOf = (block: string) =>
    speakers.findIndex((name) => stripVTControlCharacters(block).startsWith(`   ${name}`));
  const isOfTask = (block: string) => speakerOf(block) >= speakers.indexOf('task → EDAS');
  const sorted = steps.map(([title = '', ...blocks], index) => {
    const own = blocks.filter((block) => !isOfTask(block));
    const act = acts.find(({ taskStep }) => taskStep === index);
    const all = act ? [...own, ...steps.slice(act.from, act.to).flat().filter(isOfTask)] : own;
    return [title, ...all.toSorted((a, b) => speakerOf(a) - speakerOf(b))].join('\n');
  });
  return sorted.join('\n\n').split('\n');
}

function draw(lines: readonly string[]): string {
  const height = lines.length * 19 + 40;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" viewBox="0 0 1015 ${height}" width="1015" height="${height}">
<title id="title">The terminal of npm start</title>
<desc id="description">${description}</desc>
<rect x="0.5" y="0.5" width="1014" height="${height - 1}" rx="8" fill="#0d1117" stroke="#6e7681"/>
<g fill="#e6edf3" font-size="14" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace" style="white-space: pre">
${lines.map(drawLine).join('\n')}
</g>
</svg>
`;
}

function drawLine(line: string, index: number): string {
  const isCut = stripVTControlCharacters(line).length > columns;
  let room = isCut ? columns - 1 : columns;
  // Texts and the codes between them take turns.
  const spans = line.split(escapeCode).map((piece, at, pieces) => {
    if (at % 2 === 1) return '';
    const shown = piece.slice(0, room).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    room -= Math.min(piece.length, room);
    const style = styles[pieces[at - 1] ?? ''];
    return style === undefined || shown === '' ? shown : `<tspan ${style}>${shown}</tspan>`;
  });
  return `<text x="20" y="${34 + index * 19}" xml:space="preserve">${spans.join('')}${isCut ? '…' : ''}</text>`;
}
