import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CompiledSource } from '../functions/webhook/source/compiled-source.ts';
import { root } from '../local/cli/root.ts';
import { startEventBus } from '../local/sandbox/event-bus.ts';
import { tellAll } from '../local/sandbox/listener.ts';
import { runInTurn } from './support/command.ts';
import {
  aliyunFlags,
  aliyunOperations,
  fc3Commands,
  mentions,
  notRun,
  runElsewhere,
} from './support/documented-commands.ts';
import { cloudEvent, openEvents } from './support/events.ts';
import { realClockThatLeaps } from './support/leaping-clock.ts';
import { fakeAccountId } from './support/webhook.ts';
import { startLocalFunction, type LocalFunction } from './local/sandbox/local-function.ts';
import { pages, proseOf, readPage } from './support/pages.ts';
import { runServerlessDevs } from './support/serverless-devs.ts';
import { createTemporaryFolder, removeFolder } from './support/temporary-folder.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const timeoutMs = 60_000;

/** A program that a shell was told to run. */
interface Call {
  /** The page, and what of it was pasted. */
  place: string;
  program: string;
  args: string[];
  env: Record<string, string>;
  stdout: string;
}

/** What is to be pasted of a page: its blocks for a shell, and what stands in backquotes and begins as a command does. */
function snippetsOf(page: string): string[] {
  const blocks = Array.from(
    readPage(page).matchAll(/^( *)```sh\n(.*?)^ *```/gms),
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
  const inline = Array.from(proseOf(page).matchAll(/`([^`]+)`/g), ([, code = '']) =>
    code.replaceAll(/\s+/g, ' '),
  );
  const beginning = /^(\(set -a;|([A-Z_]+=\S+ )*(npm|npx|s|aliyun|openssl|curl|cp|git|echo) )/;
  return [...blocks, ...inline.filter((code) => beginning.test(code) && !mentions.includes(code))];
}

/** What stands for something else in a page, and what a reader puts there. */
function fillIn(snippet: string, url: string): string {
  return (
    snippet
      .replaceAll('https://…/monitor', `${url}/monitor`)
      .replaceAll('https://…', url)
      .replaceAll(/(?<= )(URL|地址)\b|(?<= )地址(?=\/)/g, url)
      .replaceAll('3616cdca-…,9f410c84-…', app)
      .replaceAll('3616cdca-…', app)
      .replaceAll('/tmp/', '"$TMPDIR"/')
      // The rest of a command that stands above it.
      .replace(/^(?= *--Parameters)/, 'aliyun ros CreateStack ')
      .replaceAll('<id>', order)
      .replaceAll(/<[a-z]+>/g, 'word')
      .replaceAll(/ …(?=$|\))/g, '')
  );
}

/** What a reader writes for a name in capitals after an option. */
function fillInName(word: string, command: string, option: string | undefined, isEvent = false): string {
  if (word === 'NAME' && option === '--preset') return 'github';
  if (word === 'NAME' && isEvent) return 'slo';
  if (word === 'NAME') return command === 'link' ? 'cloudmonitor' : 'pipeline';
  if (word === 'ID') return option === '--app' ? app : order;
  return word;
}

/** The sources of the pages, under the names that the pages give them. */
function sourcesYaml(): string {
  const [, shell = ''] = /^sources:\n( {2}shell:\n.*?)^```/ms.exec(readPage('docs/sources.md')) ?? [];
  return `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE, SECRET_PIPELINE_OLD], follow: true }
  monitor:
    preset: generic
    secrets: [MONITOR_SECRET, MONITOR_SECRET_OLD]
    when: status == 'failed'
    changeOrderId: release.order
  cloudmonitor: { preset: cloudmonitor, secrets: [LINK_SECRET], apps: [${app}] }
${shell}
events:
  slo: { preset: sls-event, apps: [${app}] }
`;
}

/** An event that counts now. */
function eventOfNow(): string {
  const data = { status: 'firing', fire_time: Math.floor(Date.now() / 1000), labels: { edas_app_id: app } };
  return JSON.stringify(cloudEvent(Date.now(), { data }));
}

/** The events function of the pages, with an event bus before it. @returns the address of the bus */
async function startEvents({ edas, fc }: LocalFunction, atEnd: (() => Promise<void>)[]): Promise<string> {
  const events = openEvents(edas, { sources: sourcesYaml(), fc, clock: realClockThatLeaps() });
  const bus = await startEventBus({
    invoke: (payload) => events.deliver(payload),
    context: { accountId: fakeAccountId, region: 'cn-fake' },
    heard: tellAll([]),
    port: 0,
  });
  atEnd.push(bus.close);
  return bus.url;
}

/** A busy machine takes its time. */
function withPatience(sources: CompiledSource[]): CompiledSource[] {
  return sources.map((source) => ({ ...source, deadlineMs: 60_000 }));
}

/** Programs that a shell notes instead of running them, and curl, which it notes and runs. */
const standIns = [
  'note() {',
  '  { printf \'%s\\037\' "$place" "$@"; printf \'\\035\'',
  '    for name in "${!SECRET@}" "${!MONITOR_SECRET@}"; do',
  '      printf \'%s=%s\\037\' "$name" "${!name}"',
  '    done',
  '    printf \'\\035\'; [ "$1" != curl ] || cat; printf \'\\036\'; } >> "$CALLS"',
  '}',
  'for program in npm npx s aliyun git amtool; do eval "$program() { note $program \\"\\$@\\"; }"; done',
  // What it makes of a file is in test/observability.test.ts, too.
  'command -v jq > /dev/null || jq() { note jq "$@"; }',
  'curl() { command curl --silent --max-time 40 "$@" | note curl "$@"; }',
].join('\n');

/** Values that a reader has at that point of a page. */
const variables = {
  CHANGE_ORDER: order,
  SHELL_SECRET: 'sandbox-shell_secret',
  id: order,
  requestId: 'fake-request',
  REGION: 'cn-fake',
  region: 'cn-fake',
  LOG_PROJECT: 'fake-project',
  WEBHOOK_LOGSTORE: 'fake-webhook',
  FOLLOW_LOGSTORE: 'fake-follow',
  ACTION_POLICY: 'fake-policy',
};

/** Pastes all of a page into bash. */
async function paste(
  page: string,
  folder: string,
  url: string,
): Promise<{ calls: Call[]; stdout: string; stderr: string }> {
  const work = path.join(folder, page.replaceAll('/', '-'));
  mkdirSync(path.join(work, 'walk'), { recursive: true });
  for (const file of ['policy', 'observability']) symlinkSync(path.join(root, file), path.join(work, file));
  for (const file of ['sources.yaml', '.env.example']) cpSync(path.join(root, file), path.join(work, file));
  const snippets = snippetsOf(page).map((snippet) => {
    const [line = ''] = snippet.split('\n');
    const place = `${page}: ${line.replaceAll("'", '')}`;
    const env = `printf 'SECRET_PIPELINE=sandbox-secret_pipeline\\n' > .env`;
    return `(place='${place}'\n${env}\n${fillIn(snippet, url)}\n)`;
  });
  writeFileSync(path.join(work, 'calls'), '');
  const child = spawn('bash', ['--norc', '--noprofile', '-c', [standIns, ...snippets].join('\n')], {
    cwd: work,
    env: { PATH: process.env['PATH'], TMPDIR: work, CALLS: path.join(work, 'calls'), URL: url, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const noted = readFileSync(path.join(work, 'calls'), 'utf8').split('\u001e').slice(0, -1);
  return { calls: noted.map(toCall), stdout, stderr: stderr.replaceAll(/^/gm, `${page}: `) };
}

function toCall(noted: string): Call {
  const [words = '', env = '', stdout = ''] = noted.split('\u001d');
  const [place = '', program = '', ...args] = words.split('\u001f').slice(0, -1);
  const pairs = env
    .split('\u001f')
    .slice(0, -1)
    .map((line) => line.split('='));
  return { place, program, args, env: Object.fromEntries(pairs) as Record<string, string>, stdout };
}

/** Of `npm run NAME -- …`, `npm start -- …` and the like: the script, and what it is told. */
function scriptOf({ args }: Call): { name: string; args: string[] } {
  const words = args.filter((word) => word !== '-s');
  const [first = '', second = ''] = words;
  const name = first === 'run' ? second : first;
  const at = words.indexOf('--');
  return { name, args: at === -1 ? words.slice(first === 'run' ? 2 : 1) : words.slice(at + 1) };
}

describe('every command line of every page', () => {
  let folder = '';
  let calls: Call[] = [];
  let printed = '';
  let complaints = '';
  let local: LocalFunction;
  let busUrl: string;
  const atEnd: (() => Promise<void>)[] = [];

  const callsOf = (program: string) => calls.filter((call) => call.program === program);
  const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
  const isOurs = (name: string) =>
    scripts[name]?.includes(' local/commands/') === true && !(`npm ${name}` in notRun);
  const commandsOf = (program = 'npm') =>
    callsOf(program)
      .map((call) => ({ ...call, ...scriptOf(call) }))
      .filter(({ name }) => isOurs(name));

  beforeAll(async () => {
    folder = createTemporaryFolder();
    writeFileSync(path.join(folder, 'sources.yaml'), sourcesYaml());
    local = await startLocalFunction(sourcesYaml(), withPatience, (close) => atEnd.push(close));
    busUrl = await startEvents(local, atEnd);
    for (const id of [order, '4f40e616-cdcd-4250-a018-efd4599c0b1d']) {
      local.edas.orders.add({
        id,
        appId: app,
        createdAt: Date.now() - 60_000,
        readyMs: 0,
        waitsForPerson: true,
      });
    }
    const read = pages.filter((page) => page !== 'CHANGELOG.md' && snippetsOf(page).length > 0);
    const pasted: Awaited<ReturnType<typeof paste>>[] = [];
    const work = async () => {
      for (let page = read.shift(); page !== undefined; page = read.shift()) {
        pasted.push(await paste(page, folder, local.url));
      }
    };
    await Promise.all([work(), work(), work()]);
    calls = pasted.flatMap((each) => each.calls);
    printed = pasted.map(({ stdout }) => stdout).join('');
    complaints = pasted.map(({ stderr }) => stderr).join('');
  }, timeoutMs);

  afterAll(async () => {
    await Promise.all(atEnd.map((close) => close()));
    removeFolder(folder);
  });

  test('is run by a shell, or is told why it is not', () => {
    expect(complaints).not.toMatch(/syntax error|command not found/);
    const programs = new Set(calls.map(({ program }) => program).filter((program) => program !== 'jq'));
    expect([...programs].toSorted()).toEqual(['aliyun', 'amtool', 'curl', 'git', 'npm', 'npx', 's']);
    const others = calls.flatMap((call) => {
      const { place, program, args } = call;
      if (program === 'npm' && isOurs(scriptOf(call).name)) return [];
      if (['aliyun', 'curl', 's', 'jq'].includes(program) || (program === 'npx' && args[0] === 's'))
        return [];
      const line = `${program} ${program === 'npm' ? scriptOf(call).name : (args[0] ?? '')}`;
      return line in notRun ? [] : [`${place}: ${line}`];
    });
    expect(others).toEqual([]);
  });

  test('names scripts that there are', () => {
    const ownOfNpm = ['ci', 'audit', 'version'];
    const named = callsOf('npm').map((call) => ({ place: call.place, ...scriptOf(call) }));
    expect(named.filter(({ name }) => !(name in scripts) && !ownOfNpm.includes(name))).toEqual([]);
  });

  test(
    'has options that the command takes',
    async () => {
      const commands = commandsOf();
      expect(new Set(commands.map(({ name }) => name)).size).toBeGreaterThan(8);
      const ended = await runInTurn(commands.map(({ name, args }) => ({ name, args: [...args, '--help'] })));
      const wrong = commands.filter((_command, index) => ended[index]?.status !== 0);
      expect(wrong.map(({ place }) => place)).toEqual([]);
    },
    timeoutMs,
  );

  test(
    'explains, sends and signs as the page says',
    async () => {
      const sources = path.join(folder, 'sources.yaml');
      const payload = path.join(folder, 'payload.json');
      writeFileSync(payload, JSON.stringify({ changeOrderId: order }));
      const event = path.join(folder, 'event.json');
      writeFileSync(event, eventOfNow());
      const failed = path.join(folder, 'docs-release.md', 'failed.json');
      const commands = commandsOf().filter(({ name }) => ['explain', 'send', 'link'].includes(name));
      const complete = commands.filter(({ name, args }) => args.length > (name === 'send' ? 0 : 1));
      const ended = await runInTurn(
        complete.map(({ name, args, env }) => {
          const isEvent = args.includes('--event');
          const real = args.map((word, index) =>
            word === 'FILE' ? (isEvent ? event : payload) : fillInName(word, name, args[index - 1], isEvent),
          );
          const what = real.some((word) => ['--source', '--preset', '--event'].includes(word))
            ? []
            : ['--source', 'monitor', '--payload', failed];
          const own = isEvent ? busUrl : local.url;
          const where = name === 'send' && !real.includes('--url') ? ['--url', own] : [];
          const file = real.includes('--preset') ? [] : ['--sources', sources];
          return { name, args: [...real, ...what, ...where, ...file], env };
        }),
      );
      const results = complete.map(({ place, name, args, env }, index) => {
        const { status, stdout = '', stderr = '' } = ended[index] ?? {};
        const isForged = Object.values(env).some((value) => /^(not-the-secret|neither-of-them)$/.test(value));
        // Each page sends it, and the release can be rolled back once.
        const isSentEvent = name === 'send' && args.includes('--event');
        const isRight = isForged
          ? stdout.includes('"code":"signature_mismatch"')
          : isSentEvent
            ? stdout.includes('Delivery 2 came to')
            : status === 0;
        return isRight ? '' : `${place}\n${stdout}${stderr}`;
      });
      expect(results.filter((result) => result !== '')).toEqual([]);
      expect(new Set(complete.map(({ name }) => name))).toEqual(new Set(['explain', 'send', 'link']));
    },
    timeoutMs,
  );

  test('posts with curl what the function takes, and asks for its health', () => {
    const posted = callsOf('curl').filter(({ args }) => args.some((word) => word.startsWith('Content-Type')));
    const outcomes = posted.map(
      ({ place, stdout }) => `${place} ${/"(?:outcome|code)":"(\w+)"/.exec(stdout)?.[1] ?? stdout}`,
    );
    expect(outcomes.toSorted()).toEqual([
      expect.stringMatching(/^README.md: .*(rolling_back|already_terminated|deferred)$/),
      expect.stringMatching(/^README.zh-CN.md: .*(rolling_back|already_terminated|deferred)$/),
      expect.stringMatching(/^docs\/sources.md: .*(rolling_back|already_terminated|deferred)$/),
      expect.stringMatching(/^observability\/README.md: .*signature_malformed$/),
    ]);
    const asked = callsOf('curl').filter((call) => !posted.includes(call));
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.filter(({ stdout }) => !stdout.includes('"ready":4')).map(({ place }) => place)).toEqual([]);
  });

  test('makes secrets with openssl', () => {
    expect(printed.match(/^[0-9a-f]{64}$/gm)?.length).toBeGreaterThan(4);
    expect(printed).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/m);
  });

  test('asks the aliyun CLI for operations and parameters that are documented', () => {
    const wrong = callsOf('aliyun').flatMap(({ place, args }) => {
      const words = args.filter((word, index) => index < 2 && !word.startsWith('-'));
      const known = aliyunOperations[words.join(' ')];
      if (!known) return [`${place}: aliyun ${words.join(' ')}`];
      const flags = args
        .filter((word) => word.startsWith('--'))
        .map((flag) => /^--([^.]+)/.exec(flag)?.[1] ?? flag);
      return flags
        .filter((flag) => ![...known, ...aliyunFlags].includes(flag))
        .map((flag) => `${place}: ${flag}`);
    });
    expect(wrong).toEqual([]);
    const used = new Set(
      callsOf('aliyun').map(({ args }) =>
        args
          .slice(0, 2)
          .filter((word) => !word.startsWith('-'))
          .join(' '),
      ),
    );
    expect(Object.keys(aliyunOperations).filter((operation) => !used.has(operation))).toEqual([]);
  });

  test(
    'asks Serverless Devs for commands and flags that it has',
    async () => {
      const home = createTemporaryFolder();
      const ask = (command: string) => runServerlessDevs([command, '--help'], { cwd: home, home });
      const [init, preview] = await Promise.all([ask('init'), ask('preview')]);
      const helps: Record<string, string> = { init, preview };
      removeFolder(home);
      const calls = [
        ...callsOf('s').map(({ place, args }) => ({ place, words: args })),
        ...callsOf('npx')
          .filter(({ args }) => args[0] === 's')
          .map(({ place, args }) => ({ place, words: args.slice(1) })),
      ];
      const wrong = calls.flatMap(({ place, words }) => {
        const flags = words.filter((word) => /^--?[a-z]/.test(word));
        const [first = '', second = ''] = words;
        // A command of the component may follow the name of a resource.
        const known = fc3Commands[first] ?? fc3Commands[second];
        const help = helps[first];
        if (!known && !help?.includes(`Usage: s ${first} `) && !(first in runElsewhere)) return [place];
        const isKnown = (flag: string) => known?.includes(flag) ?? help?.includes(`${flag} `) === true;
        return flags.filter((flag) => !isKnown(flag)).map((flag) => `${place}: ${flag}`);
      });
      expect(wrong).toEqual([]);
    },
    timeoutMs,
  );
});
