import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runInTurn, signalCommand, startCommand, type RunningCommand } from '../../support/command.ts';
import { paste } from '../../support/paste.ts';
import { createTemporaryFolder, removeFolder } from '../../support/temporary-folder.ts';
import { presets, type PresetName } from '../../../presets/index.ts';

// A shell starts some forty processes, and a busy machine takes its time.
const timeoutMs = 60_000;

/** A source for each preset, and those that differ from them in what is printed. */
const sources = [
  source('first', 'preset: alertmanager', appOf(1000)),
  ...(Object.keys(presets) as PresetName[]).map((name, index) =>
    source(name, `preset: ${name}`, appOf(index)),
  ),
  source('kms', 'preset: generic', appOf(1001), 'kms:pipeline'),
  source('any-app', 'preset: generic, app: labels.app, problemStartedAt: at'),
  source('any-order', `preset: generic, when: "status == 'failed'", allow: "user == 'alice'"`),
  source('order-by-link', 'verify: { scheme: link }, changeOrderId: order', appOf(1002)),
];
/** Two that share an application, and one for which no payload can be made. */
const others = [
  source('shared-one', 'preset: grafana', appOf(1003)),
  source('shared-two', 'preset: arms', appOf(1003)),
  source('unknown', 'preset: generic, when: started < finished'),
];

function source(
  name: string,
  settings: string,
  apps = '',
  secret = `secret-${name}`.toUpperCase().replaceAll('-', '_'),
) {
  // A task for each would take all the processors of the machine.
  const follow = name === 'unknown';
  // A busy machine takes its time, too.
  const rest = `secrets: ['${secret}'], deadlineMs: 60000, follow: ${follow}${apps}`;
  return { name, line: `  ${name}: { ${settings}, ${rest} }` };
}

function appOf(index: number): string {
  return `, apps: [5d9fa4a2-0000-4000-8000-${String(index).padStart(12, '0')}]`;
}

const folder = createTemporaryFolder();
let sandbox: RunningCommand;
let output = '';

beforeAll(async () => {
  const file = path.join(folder, 'sources.yaml');
  const lines = [...sources, ...others].map(({ line }) => line);
  writeFileSync(file, ['notify: [{ kind: slack, url: OWN_SLACK_URL }]', 'sources:', ...lines].join('\n'));
  sandbox = startCommand('local/commands/start.ts', ['--port', '0', '--sources', file]);
  const written = text(sandbox.stderr);
  for await (const line of createInterface({ input: sandbox.stdout })) {
    output += `${line}\n`;
    if (line.includes('Ctrl-C stops.')) break;
  }
  sandbox.stdout.resume();
  if (!output.includes('Your turn.')) throw new Error(`it has ended:\n${output}${await written}`);
}, timeoutMs);

afterAll(() => {
  signalCommand(sandbox, 'SIGKILL');
  removeFolder(folder);
});

/** What the lines print that call `npm run send`, as bash reads them. */
async function send(lines: readonly string[]): Promise<string[]> {
  const npm = String.raw`npm() { printf '%s\037' "$@"; echo; }`;
  const calls = (await paste([npm, ...lines].join('\n'))).trimEnd().split('\n');
  const commands = calls.map((call) => call.split('\u001f').slice(0, -1));
  expect(commands.map((words) => words.slice(0, 3))).toEqual(lines.map(() => ['run', 'send', '--']));
  const ended = await runInTurn(commands.map(([, , , ...args]) => ({ name: 'send', args })));
  return ended.map(({ stdout, stderr }) => stdout + stderr);
}

/** The lines after a heading, up to an empty one. */
function linesUnder(heading: string): string {
  const [, after = ''] = output.split(heading);
  return /^.*\n((?:.+\n)*)/.exec(after)?.[1] ?? '';
}

const sendLines = () => linesUnder('The same from another terminal').match(/^npm run send .*$/gm) ?? [];
const lineOf = (name: string) => sendLines().find((line) => line.includes(`--source ${name} `)) ?? '';

/** As an answer says it to a machine, or to the people of a chat. */
const rollingBack = /"outcome":"rolling_back"|Rolling back: change order/;

describe('your turn', () => {
  test(
    'the forged line is refused, and the signed one rolls the second release back, by application too',
    async () => {
      expect(await paste(linesUnder('The same, forged'))).toMatch(/^HTTP\/1.1 401 /);
      const signed = await paste(linesUnder('Your turn.'));
      expect(signed).toMatch(/^HTTP\/1.1 202 /);
      expect(signed).toMatch(rollingBack);
      expect(signed).toContain('4f40e616-cdcd-4250-a018-efd4599c0b1d');
      const [repeat] = await send([lineOf('first')]);
      expect(repeat, 'each release can be rolled back once').not.toMatch(rollingBack);
    },
    timeoutMs,
  );

  test(
    'the line to send rolls a release back, for every preset and other source',
    async () => {
      const named = sources.slice(1).map(({ name }) => name);
      const answers = await send(named.map(lineOf));
      const failed = named.flatMap((name, index) => {
        const answer = answers[index] ?? '';
        return rollingBack.test(answer) ? [] : [`${name}: ${answer}`];
      });
      expect(failed).toEqual([]);
    },
    timeoutMs,
  );

  test(
    'two sources of one application have one release',
    async () => {
      const [one, two] = [lineOf('shared-one'), lineOf('shared-two')];
      expect(linesUnder('The same from another terminal')).toContain(`${one}\n${two}\n`);
      const [first, second] = await send([one, two]);
      expect(first).toMatch(rollingBack);
      expect(second).not.toMatch(rollingBack);
    },
    timeoutMs,
  );

  test('a source for which no payload can be made says so, and has no line to paste', () => {
    expect(lineOf('unknown')).toBe('');
    expect(output).toContain(
      'no payload can be made for unknown; with one of its sender: npm run send -- --source unknown --payload FILE',
    );
  });

  test('the line for the health is answered with all sources ready', async () => {
    // One is the sandbox's own.
    const count = sources.length + others.length + 1;
    expect(JSON.parse(await paste(linesUnder('Is it up?')))).toMatchObject({ sources: count, ready: count });
  });
});
