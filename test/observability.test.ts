import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { errorCatalogue } from '../functions/errors.ts';
import { isRecord, toRecord } from '../functions/lib/json.ts';
import { decisionIdFor } from '../functions/task.ts';
import { root } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import * as edasFaults from '../local/stand-ins/edas/faults.ts';
import type { ChangeOrderPlan } from '../local/stand-ins/edas/change-orders.ts';
import type { ReleaseRules } from '../local/stand-ins/edas/release-rules.ts';
import { startEdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import { presets } from '../presets/index.ts';
import { answers, problems, stageOfCases } from './functions/webhook/cases.ts';
import {
  accepting,
  change,
  openTaskFunction,
  type TaskFunction,
  type TaskFunctionOptions,
} from './support/task.ts';
import { fakeLink } from './support/notification.ts';
import { alertData, cloudEvent, openEvents } from './support/events.ts';
import { realClockThatLeaps } from './support/leaping-clock.ts';
import { addReleases, releaseDue } from './support/releases.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { fakeCredentials, fakeSecret, openWebhook, startTime, type Webhook } from './support/webhook.ts';

const folder = path.join(root, 'observability');
const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
const readJson = (file: string): Record<string, unknown> => toRecord(JSON.parse(read(file)));
const alertFiles = readdirSync(path.join(folder, 'alerts')).map((file) => `alerts/${file}`);

/** A query of a chart or a rule, as it stands in its file. */
interface Query {
  name: string;
  store: string;
  /** In front of the bar. */
  search: string;
  /** Behind it. */
  sql: string;
}

const queries: Query[] = [
  ...(readJson('dashboard.json')['charts'] as unknown[]).map((chart) => {
    const { title, search } = toRecord(chart);
    const { logstore, query } = toRecord(search);
    return queryOf(`chart ${String(title)}`, logstore, query);
  }),
  ...alertFiles.map((file) => {
    const { store, query } = queriedBy(readJson(file));
    return queryOf(file, store, query);
  }),
];

/** Those of the runbook: `ask "…"`, and perhaps seconds and a logstore. */
const runbook = readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
queries.push(
  ...Array.from(runbook.matchAll(/^ask (["'])(.*?[^\\])\1(.*)$/gm), ([, , query = '', rest = '']) => {
    const store = rest.includes('FOLLOW_LOGSTORE') ? '<FOLLOW_LOGSTORE>' : '<WEBHOOK_LOGSTORE>';
    return queryOf(`docs/operations.md: ${query}`, store, query);
  }),
);

function queryOf(name: string, store: unknown, query: unknown): Query {
  const [search = '', sql = '', ...rest] = String(query).split(' | ');
  expect(rest).toEqual([]);
  return { name, store: String(store), search, sql };
}

function queriedBy(alert: Record<string, unknown>): Record<string, unknown> {
  const { queryList } = toRecord(alert['configuration']);
  const [query, ...rest] = queryList as unknown[];
  expect(rest).toEqual([]);
  return toRecord(query);
}

type Line = Record<string, unknown>;

/** What the functions wrote: an answer for each outcome and each code, and tasks of every end that a rule asks for. */
const lines: { webhook: Line[]; follow: Line[] } = { webhook: [], follow: [] };

beforeAll(async () => {
  const cleanUps: (() => Promise<void> | void)[] = [];
  const cleanUp = (work: () => Promise<void> | void) => void cleanUps.push(work);
  for (const { options = {}, request } of [...Object.values(problems), ...Object.values(answers)]) {
    const stage = await stageOfCases(options, cleanUp);
    const instances = [stage.webhook];
    const another: typeof stage.another = (changes) => {
      const instance = stage.another(changes);
      instances.push(instance);
      return instance;
    };
    await request({ ...stage, another });
    lines.webhook.push(...instances.flatMap((instance) => instance.lines).map(parseLine));
  }
  lines.webhook.push(...(await deliverEvents(3_600_000, cleanUp)));
  for (const { options = {}, run } of tasks) {
    const task = await openTaskFunction(options, cleanUp);
    await run(task);
    lines.follow.push(...task.lines.map(parseLine));
  }
  for (const work of cleanUps) await work();
}, 60_000);

const release = (task: TaskFunction, batchMs = 60_000) =>
  task.edas.orders.add({ ...change, batchMs, createdAt: task.clock.now() - 92_000 });

const eventSources = `events: { slo: { preset: sls-event, apps: [${change.appId}] } }`;

/**
 * The events function at work: refusing for good, ignoring, acting, and failing while EDAS is down. It writes to the logstore of the
 * webhook, as README.md says.
 *
 * @param comesAfterMs when an event comes again for which the function failed
 */
async function deliverEvents(comesAfterMs: number, cleanUp: (work: () => Promise<void>) => void) {
  let isDown = false;
  const edas = await startEdasStandIn({
    credentials: fakeCredentials,
    fault: () => (isDown ? edasFaults.serviceUnavailable() : undefined),
  });
  cleanUp(() => edas.close());
  const clock = realClockThatLeaps();
  let ahead = 0;
  const now = () => clock.now() + ahead;
  const events = openEvents(edas, { sources: eventSources, clock, now });
  const event = (changes: object = {}) =>
    cloudEvent(now(), { data: alertData(now(), change.appId), ...changes });
  for (const changes of [
    { id: 'fake-no-order' },
    { id: 'fake-ignored', type: 'sls:AlertEvent:Resolved' },
    { id: 'fake-malformed', specversion: '0.3' },
    { id: 'fake-stranger', aliyunaccountid: '9999999999999999' },
    { id: 'fake-unexpected', type: 'sls:AlertEvent:Other' },
    { id: 'fake-old', time: new Date(now() - 3_600_000).toISOString() },
  ]) {
    await events.deliver(event(changes));
  }
  isDown = true;
  const failing = event({ id: 'fake-failing' });
  await events.deliver(failing);
  isDown = false;
  ahead = comesAfterMs;
  await events.deliver(failing);
  return events.lines.map(parseLine);
}

const tasks: { options?: TaskFunctionOptions; run: (task: TaskFunction) => Promise<unknown> }[] = [
  {
    options: { queue: true },
    run: async (task) => {
      release(task);
      await task.runAll();
    },
  },
  // A release that has ended.
  {
    options: { queue: true },
    run: async (task) => {
      const { id, appId } = change;
      const minutesAgo = (minutes: number) => task.clock.now() - minutes * 60_000;
      task.edas.orders.add({ appId, version: 'one', createdAt: minutesAgo(90) });
      task.edas.orders.add({ id, appId, version: 'two', createdAt: minutesAgo(10) });
      const policy = { withinMs: 3_600_000, everyMs: 0, group: 'all', batches: 2, batchWaitMinutes: 0 };
      await task.runAll({ rollback: 'ended', ended: { policy } });
    },
  },
  // EDAS refuses the rollback, which the task of the report then has nothing to do with.
  {
    options: {
      queue: true,
      edas: {
        fault: ({ method }) => (method === 'PUT' ? edasFaults.businessErrorUnder200() : undefined),
      },
    },
    run: async (task) => {
      release(task, 3_600_000);
      await task.runAll();
    },
  },
  {
    options: { env: { ROLLBACK_SUSPENDED: 'true' } },
    run: async (task) => {
      release(task);
      await task.run();
    },
  },
  // Out of time, nobody can be told, and the change is in flight.
  {
    options: {
      env: { WEBHOOK_URL: '' },
      timeout: 150,
      edas: { fault: ({ method }) => (method === 'PUT' ? accepting(change.id) : undefined) },
    },
    run: async (task) => {
      release(task, 3_600_000);
      await task.run();
    },
  },
  // It ends, and nobody can be told.
  {
    options: { env: { WEBHOOK_URL: '' } },
    run: async (task) => {
      release(task);
      for (const retryCount of [0, 1]) await task.run(undefined, retryCount);
    },
  },
  {
    options: {
      edas: { fault: ({ method }) => (method === 'PUT' ? edasFaults.resetBeforeHandling() : undefined) },
    },
    run: async (task) => {
      release(task, 3_600_000);
      await task.run();
    },
  },
  { run: (task) => task.invoke(Buffer.from('no task')) },
  // EDAS told that an order has ended.
  { run: (task) => task.run({ rollback: 'seen' }) },
  // People are asked, and no one decides; no channel can be told the question.
  ...[{}, { env: { WEBHOOK_URL: '' } }].map((options) => ({
    options: { queue: true, ...options },
    run: async (task: TaskFunction) => {
      release(task, 3_600_000);
      const expiresAt = task.clock.now() + 60_000;
      await task.run({ rollback: 'asked', ask: 1, expiresAt, by: 'page', people: 1, link: fakeLink });
    },
  })),
  // A person decides while people are asked.
  {
    options: { queue: true },
    run: async (task) => {
      release(task, 3_600_000);
      const decidedBy = { name: 'Li Ming', isProved: false };
      const decidedAt = task.clock.now();
      await task.handOver(decisionIdFor(change.id), {
        rollback: 'decided',
        decision: 'leave',
        decidedBy,
        decidedAt,
      });
      const expiresAt = task.clock.now() + 60_000;
      await task.run({ rollback: 'asked', ask: 1, expiresAt, by: 'chat', people: 1 });
    },
  },
  // A person decides: to leave it; to roll back, and nothing begins.
  ...(['leave', 'roll_back'] as const).map((decision) => ({
    options: { queue: true },
    run: async (task: TaskFunction) => {
      release(task, 3_600_000);
      const decidedBy = { name: 'Li Ming', isProved: false };
      await task.run({ rollback: 'decided', decision, decidedBy, decidedAt: task.clock.now() });
    },
  })),
  // After the rollback of a release, the older version is not healthy.
  {
    options: { queue: true },
    run: async (task) => {
      addReleases(task, { instanceState: 3 });
      await task.runAll(releaseDue);
    },
  },
];

function parseLine(line: string): Line {
  return toRecord(JSON.parse(line));
}

/** `message.x` in a search, and `"message.x"` in SQL. */
function fieldsOf({ search, sql }: Query): string[] {
  const searched = Array.from(search.matchAll(/\bmessage\.([\w.]+):/g), ([, field = '']) => field);
  const selected = Array.from(sql.matchAll(/"message\.([\w.]+)"/g), ([, field = '']) => field);
  return [...searched, ...selected];
}

/** What a query compares a field with, as pairs. */
function literalsOf({ search, sql }: Query): [string, string][] {
  const searched = Array.from(
    search.matchAll(/\bmessage\.([\w.]+): (\w+)/g),
    ([, field = '', value = '']) => [[field, value] as [string, string]],
  );
  const equal = Array.from(sql.matchAll(/"message\.([\w.]+)" = '([^']*)'/g), ([, field = '', value = '']) => [
    [field, value] as [string, string],
  ]);
  const among = Array.from(sql.matchAll(/"message\.([\w.]+)" in \(([^)]*)\)/g), ([, field = '', list = '']) =>
    Array.from(list.matchAll(/'([^']*)'/g), ([, value = '']) => [field, value] as [string, string]),
  );
  return [...searched, ...equal, ...among].flat();
}

function at(line: Line, field: string): unknown {
  return field.split('.').reduce<unknown>((value, key) => toRecord(value)[key], line);
}

const all = () => [...lines.webhook, ...lines.follow];
const linesIn = ({ store }: Pick<Query, 'store'>) =>
  store === '<FOLLOW_LOGSTORE>' ? lines.follow : lines.webhook;

const { keys } = readJson('index.json') as { keys: { message: Record<string, unknown> } };
const indexed = keys.message['json_keys'] as Record<string, { type: string; doc_value: boolean }>;

describe.each(queries)('the query of $name', (query) => {
  test('asks for fields that its function writes, and that are indexed', () => {
    const fields = fieldsOf(query);
    expect(fields.length).toBeGreaterThan(0);
    // Where both functions have one logstore, a query says which of them it is about by what only tasks write.
    const written = fields.filter((field) =>
      (field === 'retryCount' ? all() : linesIn(query)).some((line) => at(line, field) !== undefined),
    );
    expect(written).toEqual(fields);
    expect(fields.filter((field) => indexed[field]?.doc_value !== true)).toEqual([]);
  });

  test('names nothing of a line but by these two forms', () => {
    const { search, sql } = query;
    const rest =
      search.replaceAll(/\bmessage\.[\w.]+: (\*|\w+|\\"\$\w+\\")/g, '') +
      sql.replaceAll(/"message\.[\w.]+"/g, '');
    expect(rest).not.toContain('message');
  });

  test('compares with what its function writes', () => {
    const literals = literalsOf(query);
    const unknown = literals.filter(
      ([field, value]) => !linesIn(query).some((line) => at(line, field) === value),
    );
    expect(unknown).toEqual([]);
  });

  test('finds a line that its function wrote, where the index reads it', () => {
    const found = linesIn(query).filter((line) => isFound(query.search, line));
    expect(found.length > 0).toBe(query.name !== 'alerts/log-unread.json');
  });

  test('has as many opening brackets as closing ones, and strings that end', () => {
    const withoutStrings = query.sql.replaceAll(/'[^']*'/g, '');
    expect(withoutStrings).not.toContain("'");
    expect(withoutStrings.split('(').length).toBe(withoutStrings.split(')').length);
  });
});

/** Whether a search of the form `message.x: value and (message.y: * or message.y: value) not message.z: *` finds a line. */
function isFound(search: string, line: Line): boolean {
  const choices = Array.from(search.matchAll(/\(([^)]*)\)/g), ([, choice = '']) => choice.split(' or '));
  const isChosen = choices.every((terms) => terms.some((term) => holds(term, line)));
  return isChosen && holds(search.replaceAll(/\([^)]*\)/g, ''), line);
}

/** The same without parentheses. */
function holds(search: string, line: Line): boolean {
  const terms = Array.from(search.matchAll(/(not )?message\.([\w.]+): (\*|\w+|\\"\$\w+\\")/g));
  return terms.every(([, not, field = '', value]) => {
    const given = at(line, field);
    const isAny = value === '*' || value?.includes('$') === true;
    const isThere = isAny ? given !== undefined : given === value;
    return not === undefined ? isThere : !isThere;
  });
}

describe('the index', () => {
  test('has the type of every field as it is written', () => {
    const wrong = Object.entries(indexed).filter(([field, { type }]) =>
      all()
        .map((line) => at(line, field))
        .some((value) => value !== undefined && typeof value !== (type === 'long' ? 'number' : 'string')),
    );
    expect(wrong).toEqual([]);
  });

  test('has no field that nobody writes', () => {
    const unwritten = Object.keys(indexed).filter(
      (field) => !all().some((line) => at(line, field) !== undefined),
    );
    expect(unwritten).toEqual([]);
  });

  test('has every field that is written, but for what is true or false', () => {
    const written = new Set(all().flatMap((line) => leavesOf(line)));
    expect([...written].filter((field) => !(field in indexed)).toSorted()).toEqual([
      'claimed',
      'decidedByProved',
      'deliverAgain',
      'duplicate',
    ]);
  });
});

function leavesOf(line: Line, prefix = ''): string[] {
  return Object.entries(line).flatMap(([key, value]) =>
    isRecord(value) ? leavesOf(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

describe.each(alertFiles)('%s', (file) => {
  const alert = readJson(file);
  const configuration = toRecord(alert['configuration']);
  const { query } = queriedBy(alert);
  const columns = Array.from(String(query).matchAll(/ as (\w+)/g), ([, name = '']) => name);

  test('is named for its file, within what SLS takes', () => {
    const { name, displayName } = alert;
    expect(name).toBe(`edas-rollback-${path.basename(file, '.json')}`);
    expect(name).toMatch(/^[0-9a-z][0-9a-z_-]{2,62}[0-9a-z]$/);
    expect(Buffer.byteLength(String(displayName))).toBeLessThanOrEqual(64);
  });

  test('tells only of columns that its query has', () => {
    const annotations = configuration['annotations'] as { key: string; value: string }[];
    const named = annotations.flatMap(({ value }) =>
      Array.from(value.matchAll(/\$\{(\w+)\}/g), ([, name = '']) => name),
    );
    expect(named.filter((name) => name !== 'alert_name' && !columns.includes(name))).toEqual([]);
    const { fields } = toRecord(configuration['groupConfiguration']) as { fields: string[] };
    expect(fields.filter((field) => !columns.includes(field))).toEqual([]);
  });

  test('looks further back than its last look, so that nothing falls between', () => {
    const { start } = queriedBy(alert);
    const { interval } = toRecord(alert['schedule']);
    expect(secondsOf(String(start).slice(1))).toBeGreaterThanOrEqual(secondsOf(String(interval)));
  });

  test('is in the table of README.md, with its severity', () => {
    const [{ severity }] = configuration['severityConfigurations'] as [{ severity: number }];
    const word = { 10: 'critical', 8: 'high', 6: 'medium', 2: 'report' }[severity];
    expect(read('README.md')).toMatch(
      new RegExp(`^\\| \`${path.basename(file, '.json')}\` +\\| ${word} `, 'm'),
    );
  });

  test('differs from the others in nothing but what it is about', () => {
    const { alertPolicyId, actionPolicyId, repeatInterval } = toRecord(configuration['policyConfiguration']);
    expect([alertPolicyId, actionPolicyId]).toEqual(['sls.builtin.dynamic', '<ACTION_POLICY>']);
    expect(repeatInterval).toMatch(/^\d+[mhd]$/);
    const own = [
      'queryList',
      'severityConfigurations',
      'annotations',
      'groupConfiguration',
      'policyConfiguration',
    ];
    const shared = (each: Record<string, unknown>) =>
      Object.entries(each).filter(([key]) => !own.includes(key));
    const [first = ''] = alertFiles;
    expect(shared(configuration)).toEqual(shared(toRecord(readJson(first)['configuration'])));
  });
});

function secondsOf(span: string): number {
  const [, count = '', unit = ''] = /^(\d+)([mhd])$/.exec(span) ?? [];
  return Number(count) * ({ m: 60, h: 3_600, d: 86_400 }[unit] ?? Number.NaN);
}

describe('the rules together', () => {
  test('watch every decision, be it by words where the index cannot read it', () => {
    const [words = ''] = (queries.find(({ name }) => name === 'alerts/log-unread.json')?.search ?? '').split(
      ' not ',
    );
    const decisions = all().filter(({ msg }) => msg === 'decision');
    expect(words.split(' and ')).toEqual(['decision', 'durationMs']);
    expect(decisions.filter((line) => !('durationMs' in line))).toEqual([]);
  });

  test('count every refusal of a sender but an expired link, and a lock-out none that bore nothing to verify', () => {
    const codes = Object.entries(errorCatalogue).filter(
      ([code, { status }]) => status === 401 && code !== 'link_expired',
    );
    const all = codes.map(([code]) => code);
    expect(codesOf(queryNamed('alerts/refused-senders.json'))).toEqual(all);
    const unsigned = ['signature_missing', 'token_missing'];
    expect(codesOf(queryNamed('alerts/locked-out.json'))).toEqual(
      all.filter((code) => !unsigned.includes(code)),
    );
  });

  test.each(['payload_malformed', 'payload_unexpected'])(
    'ring for a known sender whose payload was refused with %s, and for no request without a source',
    (code) => {
      const { search } = queryNamed('alerts/payload-unreadable.json');
      const unreadable = all().filter((line) => line['code'] === code);
      expect(unreadable.some((line) => isFound(search, line))).toBe(true);
      expect(isFound(search, { msg: 'decision', code })).toBe(false);
    },
  );

  test('ring for each release that is left to people, and no other refusal of the same status', () => {
    const { search } = queryNamed('alerts/release-left.json');
    const codes = all().flatMap((line) => (isFound(search, line) ? [line['code']] : []));
    expect(new Set(codes)).toEqual(
      new Set([
        'groups_differ',
        'no_previous_version',
        'previous_version_uncertain',
        'app_rolled_back_recently',
        'release_already_tried',
      ]),
    );
  });

  test('tell a secret that closes its sources from one that is still used', () => {
    const unread = all().filter(({ msg }) => msg === 'a secret cannot be read from KMS');
    const foundBy = (rule: string) => {
      const search = queries.find(({ name }) => name === `alerts/${rule}.json`)?.search ?? 'none';
      return unread.filter((line) => isFound(search, line)).map(({ consequence }) => String(consequence));
    };
    const closed = foundBy('secret-closed');
    const used = foundBy('secret-unread');
    expect(new Set(closed)).toEqual(new Set(['its sources are closed']));
    expect(used.length).toBeGreaterThan(0);
    for (const consequence of used)
      expect(consequence).toMatch(/^what was read before is used for \d+ s more$/);
    expect(closed.length + used.length).toBe(unread.length);
  });

  test('find every 5xx by the level of its line, and nothing else', () => {
    const statuses: Record<string, { status: number }> = errorCatalogue;
    const decisions = all().filter(({ msg, code }) => msg === 'decision' && code !== undefined);
    const wrong = decisions.filter(
      ({ level, code }) => (level === 'error') !== (statuses[String(code)]?.status ?? 0) >= 500,
    );
    expect(wrong).toEqual([]);
  });
});

function queryNamed(name: string): Query {
  const query = queries.find((each) => each.name === name);
  if (!query) throw new Error(`No query ${name}`);
  return query;
}

const codesOf = (query: Query) => [
  ...new Set(literalsOf(query).flatMap(([field, value]) => (field === 'code' ? [value] : []))),
];

describe.each(Object.keys(presets))('locked-out, of a source of the preset %s,', (preset) => {
  const app = '3616cdca-0000-4000-8000-000000000001';
  const query = queryNamed('alerts/locked-out.json');
  const sources = `sources: { one: { preset: ${preset}, secrets: [SECRET], apps: [${app}] } }`;

  async function open(): Promise<Webhook> {
    const edas = await startEdasStandIn({ credentials: fakeCredentials });
    onTestFinished(() => edas.close());
    return openWebhook(edas, { sources });
  }

  /** What its SQL says of the lines of one source: so many of these codes, and nothing that has an outcome. */
  function rings(webhook: Webhook): boolean {
    const [, least = ''] =
      /\)\) >= (\d+) and count_if\("message\.outcome" is not null\) = 0$/.exec(query.sql) ?? [];
    const found = webhook.lines.map(parseLine).filter((line) => isFound(query.search, line));
    const refused = found.filter(({ code }) => codesOf(query).includes(String(code)));
    return refused.length >= Number(least) && found.every(({ outcome }) => outcome === undefined);
  }

  test('does not ring at probes, which anybody can send to a path that is easy to guess', async () => {
    const webhook = await open();
    for (let probe = 0; probe < 30; probe += 1) {
      await webhook.send({ path: '/one', headers: { 'content-type': 'application/json' }, body: '{}' });
    }
    expect(webhook.decisions().map(({ source }) => source)).toEqual(Array<string>(30).fill('one'));
    expect(rings(webhook)).toBe(false);
  });

  test('rings at the third request that was signed with another secret', async () => {
    const webhook = await open();
    const secret = fakeSecret('ANOTHER', compileSources(sources)[0]?.verify);
    const rung: boolean[] = [];
    for (let request = 0; request < 3; request += 1) {
      await webhook.post(
        'one',
        {},
        { secret, grant: { app, expiresAtSeconds: Date.parse(startTime) / 1000 + 86_400 } },
      );
      rung.push(rings(webhook));
    }
    expect(rung).toEqual([false, false, true]);
  });
});

describe('only-ignored', () => {
  const { search, sql } = queryNamed('alerts/only-ignored.json');

  async function open(settings: string): Promise<Webhook> {
    const edas = await startEdasStandIn({ credentials: fakeCredentials });
    onTestFinished(() => edas.close());
    return openWebhook(edas, {
      sources: `sources: { one: { preset: generic, secrets: [SECRET], ${settings} } }`,
    });
  }

  /** What its SQL says of the lines of one source: so many that are ignored, and none that went further. */
  function rings({ lines }: Webhook): boolean {
    const [, least = ''] =
      / having count_if\("message\.outcome" = 'ignored'\) >= (\d+) and count_if\("message\.outcome" != 'ignored'\) = 0 and /.exec(
        sql,
      ) ?? [];
    expect(sql).toMatch(
      / and count_if\("message\.code" = 'sender_not_allowed' or "message\.app" is not null or "message\.changeOrderId" is not null\) = 0$/,
    );
    const found = lines.map(parseLine).filter((line) => isFound(search, line));
    const ignored = found.filter(({ outcome }) => outcome === 'ignored');
    const further = found.filter(
      ({ outcome, code, app, changeOrderId }) =>
        (outcome !== undefined && outcome !== 'ignored') ||
        code === 'sender_not_allowed' ||
        app !== undefined ||
        changeOrderId !== undefined,
    );
    return ignored.length >= Number(least) && further.length === 0;
  }

  test('rings at the third webhook that a wrong name in when ignores, whatever a stranger sends meanwhile', async () => {
    const webhook = await open(`when: stats == 'failed'`);
    const rung: boolean[] = [];
    for (let number = 0; number < 3; number += 1) {
      await webhook.post('one', { status: 'failed' });
      await webhook.post('one', {}, { secret: 'not-the-secret' });
      rung.push(rings(webhook));
    }
    expect(rung).toEqual([false, false, true]);
    expect(webhook.decisions()[0]?.['message']).toMatch(/ The payload has nothing at stats\.$/);
  });

  test.each([
    ['that acts once', `when: status == 'failed', dryRun: true`],
    ['whose sender once was not allowed', `when: status == 'failed', allow: user == 'alice'`],
  ])('does not ring for a source %s', async (_what, settings) => {
    const webhook = await open(settings);
    await webhook.post('one', { status: 'failed', changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a' });
    for (let number = 0; number < 5; number += 1) await webhook.post('one', { status: 'passed' });
    expect(rings(webhook)).toBe(false);
  });
});

describe('event-too-late', () => {
  const { search, sql } = queryNamed('alerts/event-too-late.json');

  /** What its SQL says of the lines of one event: it failed, and it was too old. */
  function rings(lines: readonly Line[]): boolean {
    expect(sql).toMatch(
      / group by delivery having count_if\("message\.code" = 'event_out_of_window'\) > 0 and count_if\("message\.level" = 'error'\) > 0$/,
    );
    const found = lines.filter((line) => isFound(search, line));
    const deliveries = new Set(found.map(({ delivery }) => delivery));
    return [...deliveries].some((id) => {
      const own = found.filter(({ delivery }) => delivery === id);
      return (
        own.some(({ code }) => code === 'event_out_of_window') && own.some(({ level }) => level === 'error')
      );
    });
  }

  test.each([
    ['an hour later, when the event is too old', 3_600_000, true],
    ['a minute later, when it still counts', 60_000, false],
  ])(
    'where EDAS was down and the event comes again %s, it rings: %i ms, %s',
    async (_what, comesAfterMs, expected) => {
      expect(rings(await deliverEvents(comesAfterMs, onTestFinished))).toBe(expected);
    },
  );
});

test('event-refused counts every code of an event that never comes again', () => {
  const codes = Object.keys(errorCatalogue).filter((code) => code.startsWith('event_'));
  expect(codesOf(queryNamed('alerts/event-refused.json'))).toEqual(codes);
  const found = all().filter((line) => isFound(queryNamed('alerts/event-refused.json').search, line));
  expect(new Set(found.map(({ code }) => code))).toEqual(new Set(codes));
  expect(found.filter(({ deliverAgain }) => deliverAgain === true)).toEqual([]);
});

describe('release-unhealthy', () => {
  const { search, sql } = queryNamed('alerts/release-unhealthy.json');

  /** What its SQL says of the lines of a task: in one of them, one number is more than the other. */
  function rings(lines: readonly Line[]): boolean {
    const [, where = ''] = / from log where (.*) group by changeOrderId$/.exec(sql) ?? [];
    const pairs = where.split(' or ').map((each) => /^"message\.(\w+)" > "message\.(\w+)"$/.exec(each));
    expect(pairs.filter((pair) => pair !== null)).toHaveLength(2);
    const isMore = (line: Line) =>
      pairs.some((pair) => Number(line[pair?.[1] ?? '']) > Number(line[pair?.[2] ?? '']));
    return lines.filter((line) => isFound(search, line)).some(isMore);
  }

  test.each<[string, boolean, Partial<ChangeOrderPlan>, ReleaseRules]>([
    ['all instances are healthy and run the older version', false, {}, {}],
    ['an instance is not healthy', true, { instanceState: 3 }, {}],
    ['the instances still run the bad version', true, {}, { order: { target: 'no-group' } }],
  ])('where %s, it rings: %s', async (_what, expected, before, releaseRules) => {
    const task = await openTaskFunction({ queue: true, edas: { releaseRules } }, onTestFinished);
    addReleases(task, before);
    await task.runAll(releaseDue);
    expect(task.events()).toContain('succeeded');
    expect(rings(task.lines.map(parseLine))).toBe(expected);
  });
});

test('README.md lists no rule that there is not', () => {
  const named = Array.from(
    read('README.md').matchAll(/^\| `([a-z-]+)` +\|/gm),
    ([, name]) => `alerts/${name}.json`,
  );
  expect(named.toSorted()).toEqual(alertFiles.toSorted());
});

// They start dozens of processes, which takes its time on a busy machine.
describe('the commands of README.md', { timeout: 60_000 }, () => {
  const blocks = Array.from(
    read('README.md').matchAll(/^ {3}```sh\n(.*?)^ {3}```/gms),
    ([, block = '']) => block,
  );
  const names = {
    REGION: 'cn-fake',
    LOG_PROJECT: 'fake-project',
    WEBHOOK_LOGSTORE: 'fake-webhook-logs',
    FOLLOW_LOGSTORE: 'fake-follow-logs',
    ACTION_POLICY: 'fake-policy',
  };
  const block = (word: string) => blocks.find((text) => text.includes(word)) ?? '';
  const hasJq = spawnSync('jq', ['--version']).status === 0;

  /** Runs commands from the top of the repository, with an aliyun CLI that only notes what it was asked for. */
  function run(commands: string): { stdout: string; calls: string[][] } {
    const temporary = temporaryFolder();
    const bin = path.join(temporary, 'bin');
    mkdirSync(bin);
    const calls = path.join(temporary, 'calls');
    const aliyun = path.join(bin, 'aliyun');
    const index = '{"line":{"token":[","]},"keys":{"durationMs":{"type":"double"}}}';
    // In sh, which starts faster than anything else: each argument ends with NUL, each call with a record separator.
    const note = `for each in "$@"; do printf '%s\\0' "$each"; done >> '${calls}'; printf '\\036' >> '${calls}'`;
    writeFileSync(aliyun, `#!/bin/sh\n${note}\n[ "$2" != get-index ] || echo '${index}'\n`);
    chmodSync(aliyun, 0o755);
    const ended = spawnSync('bash', ['--norc', '--noprofile', '-c', `set -e\n${commands}`], {
      cwd: root,
      encoding: 'utf8',
      env: { ...names, HOME: temporary, PATH: `${bin}:${process.env['PATH'] ?? ''}`, TMPDIR: temporary },
      // A socket there would make bash read ~/.bashrc all the same.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(ended.stderr).toBe('');
    return { stdout: ended.stdout, calls: readCalls(calls) };
  }

  function readCalls(file: string): string[][] {
    const text = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
    return text
      .split('\u001e')
      .slice(0, -1)
      .map((call) => call.split('\0').slice(0, -1));
  }

  const fill = block('mktemp')
    .replace(/^grep .*$/m, '')
    .replace(/^ *grep .*$/m, '');

  test('fill in every name', () => {
    const { stdout } = run(`${fill}\ncat "$filled"/*.json "$filled"/alerts/*.json`);
    expect(stdout).not.toContain('<');
    for (const name of Object.values(names)) expect(stdout).toContain(name);
    expect(run(`${fill}\nls "$filled" "$filled/alerts" | grep -c json`).stdout.trim()).toBe(
      String(alertFiles.length + 2),
    );
  });

  test.runIf(hasJq)('add to the index what is there already', () => {
    const { calls } = run(`${fill}\n${block('update-index')}`);
    const updates = calls.filter(([, operation]) => operation === 'update-index');
    expect(updates.map((call) => optionOf(call, '--logstore'))).toEqual([
      names.WEBHOOK_LOGSTORE,
      names.FOLLOW_LOGSTORE,
    ]);
    for (const call of updates) {
      expect(JSON.parse(optionOf(call, '--line'))).toEqual({ token: [','] });
      expect(JSON.parse(optionOf(call, '--keys'))).toEqual({ durationMs: { type: 'double' }, ...keys });
    }
  });

  test.runIf(hasJq)('create the dashboard and every rule', () => {
    const { calls } = run(`${fill}\n${block('create-alert')}`);
    const [dashboard, ...alerts] = calls;
    expect(dashboard?.[1]).toBe('create-dashboard');
    expect(JSON.parse(optionOf(dashboard ?? [], '--charts'))).toHaveLength(
      (readJson('dashboard.json')['charts'] as unknown[]).length,
    );
    expect(alerts.map((call) => optionOf(call, '--name')).toSorted()).toEqual(
      alertFiles.map((file) => `edas-rollback-${path.basename(file, '.json')}`).toSorted(),
    );
    for (const call of alerts) {
      const configuration = toRecord(JSON.parse(optionOf(call, '--configuration')));
      expect(queriedBy({ configuration })).toMatchObject({ project: 'fake-project', region: 'cn-fake' });
    }
  });
});

function optionOf(call: readonly string[], option: string): string {
  return call[call.indexOf(option) + 1] ?? '';
}
