import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import { describeSource, readOwnSettings } from '../../../../local/commands/explain/describe-source.ts';
import { presets } from '../../../../presets/index.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const app = '3616cdca-0000-4000-8000-0000000000aa';

/** The description of the first source of a file. */
function describe(yaml: string): string[] {
  const file = path.join(temporaryFolder(), 'sources.yaml');
  writeFileSync(file, yaml);
  const { sources, notify } = compileConfiguration(yaml);
  const [source] = sources;
  if (!source) throw new Error('there must be a source');
  return describeSource(source, notify, readOwnSettings(file, source.name), false).split('\n');
}

test('all that a source does is told, and beside what it says itself the file and the line', () => {
  const yaml = `
sources:
  alerts:
    preset: pagerduty
    secrets: [ALERTS_SECRET, kms:old]
    apps: [${app}]
    when: event.event_type == 'incident.escalated'
    deadlineMs: 3000
notify:
  - { kind: wecom, url: WECOM_URL }
`;
  expect(describe(yaml)).toEqual([
    'source       alerts: POST /alerts',
    'preset       pagerduty: PagerDuty webhooks v3   (sources.yaml:4)',
    'secrets      ALERTS_SECRET, kms:old   (sources.yaml:5)',
    'must carry   x-pagerduty-signature: v1=<HMAC-SHA256 over {body}, in hex>',
    '             Several may be listed, with a comma between them.',
    'body         JSON (application/json)',
    'handshake    none',
    'delivery id  x-webhook-id',
    'answers      JSON: an outcome, or a problem with a code (docs/errors.md)',
    'outcomes     202 where a rollback begins, else 200',
    'refusals     200 instead of every 4xx, once the sender is known',
    'deadline     3000 ms: by then it has answered, even where EDAS has not   (sources.yaml:8)',
    `apps         ${app}   (sources.yaml:6)`,
    'expects      an event of a webhook v3: an object with event, and event_type in it',
    "when         event.event_type == 'incident.escalated'   (sources.yaml:7)",
    'allow        none: everybody who can sign',
    'began at     event.occurred_at',
    `rolls back   what is being deployed to the application ${app}`,
    'actor        event.data.html_url',
    'cluster      ecs',
    'mode         now: the answer comes when the rollback has begun',
    'follow       yes: the rollback is claimed, so that it is sent once, and a task follows it to its end',
    'ended        no: a release that has ended is refused',
    'confirm      no: no person is asked first',
    'notify       wecom: English, to the address in WECOM_URL, unsigned',
  ]);
});

test('a source without a preset says so, and where its way of signing stands', () => {
  const yaml = `sources:
  own: { secrets: [OWN_SECRET], verify: { header: X-Sign }, changeOrderId: order, mode: deferred }`;
  expect(describe(yaml)).toEqual(
    expect.arrayContaining([
      'preset       none: verify spells it out',
      'must carry   x-sign: <HMAC-SHA256 over {body}, in hex>   (sources.yaml:2)',
      'rolls back   the change order in order   (sources.yaml:2)',
      'mode         deferred: the answer comes at once, and a task rolls back   (sources.yaml:2)',
    ]),
  );
});

test('what is done with a release that has ended is told, with all that the source leaves to its defaults', () => {
  const ended = (settings: string) =>
    describe(
      `sources: { a: { preset: generic, secrets: [A], apps: [${app}], follow: true, ended: ${settings} } }`,
    )
      .join('\n')
      .split(/^ended {8}/m)[1]
      ?.split('\nconfirm')[0]
      ?.split(/\n +/);
  expect(ended('{ within: 90m }')).toEqual([
    'yes, if it ended at most 90 min ago: a task deploys the version before it (RollbackApplication), once   (sources.yaml:1)',
    'to the version that ran before, where that is certain',
    'of all groups, in 2 batches',
    'not within 1 h of another rollback of the application',
  ]);
  const group = '8123db90-0000-4000-8000-000000000001';
  expect(
    ended(`{ within: 24h, version: previous, group: ${group}, batches: 3, batchWaitMinutes: 5, every: 2d }`),
  ).toEqual([
    'yes, if it ended at most 1 d ago: a task deploys the version before it (RollbackApplication), once   (sources.yaml:1)',
    'to the version in previous; without one, to the version that ran before, where that is certain',
    `of the group ${group}, in 3 batches, 5 min between them`,
    'not within 2 d of another rollback of the application',
  ]);
  expect(ended('{ within: 1h, batches: 1 }')).toContain('of all groups, all instances at the same time');
});

test('why a release that has ended is refused in Kubernetes is told', () => {
  expect(describe('sources: { a: { preset: generic, secrets: [A], cluster: k8s } }')).toContain(
    'ended        no: a release that has ended is refused, for EDAS has no operation that rolls one back in Kubernetes',
  );
});

test.each(Object.keys(presets))('a source with the preset %s is described', (name) => {
  const lines = describe(`sources: { hook: { preset: ${name}, secrets: [HOOK_SECRET], apps: [${app}] } }`);
  expect(lines[0]).toBe('source       hook: POST /hook');
  expect(lines.find((line) => line.startsWith('rolls back '))).toMatch(/ (change order|deployed) /);
});

test('of a source that asks people first it is told when, where, for how long, and what they read', () => {
  const yaml = `
sources:
  alerts:
    preset: pagerduty
    secrets: [ALERTS_SECRET]
    apps: [${app}]
    confirm: { people: 2 }
    confirmWithin: 30m
    confirmBy: chat
  chat:
    preset: slack
    secrets: [SLACK_SECRET]
    allow: user_id == 'U1'
notify:
  - { kind: slack, url: SLACK_URL }
`;
  const lines = describe(yaml);
  expect(
    lines.slice(
      lines.findIndex((line) => line.startsWith('confirm')),
      -1,
    ),
  ).toEqual([
    'confirm      yes: before each rollback, people are asked in the channels of notify, and have 30 min   (sources.yaml:7)',
    '             they decide by a command in a chat whose source has allow: rollback <id>, or leave <id>',
    '             two different people must want it, neither of whom asked for it',
    `summary      ${presets.pagerduty.summary}`,
  ]);
  const chat = describe(
    yaml
      .replace(/ {2}alerts:[^]*(?= {2}chat:)/, '')
      .replace('    allow', '    confirm: all\n    confirmBy: chat\n    allow'),
  );
  expect(chat).toContain(
    'decides      its commands also decide what sources with confirmBy: chat ask people: rollback <id>, or leave <id>',
  );
  expect(chat).toContain('summary      none: people see no words of the alert');
});

test('that a dry run asks no one is told, and what is needed for the page', () => {
  const lines = describe(
    'sources: { a: { preset: generic, secrets: [A], dryRun: true, ended: { within: 30m }, app: app, confirm: ended } }\nnotify: [{ kind: slack, url: S }]\n',
  );
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^confirm +yes: before a release that has ended is rolled back, .* 15 min/),
      '             they decide on the page that the message links to: CONFIRM_SECRET signs the link, PUBLIC_URL is its address',
      '             with dryRun no one is asked',
    ]),
  );
});
