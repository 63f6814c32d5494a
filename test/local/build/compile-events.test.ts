import { describe, expect, test } from 'vitest';
import {
  compileConfiguration,
  SourcesError,
  type CheckedConfiguration,
} from '../../../local/build/compile-sources.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const otherApp = '3616cdca-0000-4000-8000-000000000002';

/** A file with one source of events. Its lines stand from line 3 on, from column 5. */
const withEvents = (...lines: string[]) =>
  ['events:', '  it:', ...lines.map((line) => `    ${line}`), ''].join('\n');

/** The same, with what a source of any event needs. `lines` stand from line 7 on. */
const cloudevent = (...lines: string[]) =>
  withEvents('preset: cloudevent', 'source: shop', 'type: shop:Firing', `apps: [${app}]`, ...lines);

/** What the build says, `line:column message`. */
function told(text: string): string[] {
  try {
    compileConfiguration(text);
  } catch (error) {
    if (!(error instanceof SourcesError)) throw error;
    return error.faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
}

function only(text: string): CheckedConfiguration['events'][number] {
  const [source, ...others] = compileConfiguration(text).events;
  if (!source || others.length > 0) throw new Error('there must be one source of events');
  return source;
}

describe('a source of events', () => {
  test('takes what its preset knows, and all else has its default', () => {
    expect(only(withEvents('preset: sls-event', `apps: [${app}]`))).toMatchObject({
      name: 'it',
      eventSources: ['acs.sls.alert'],
      eventTypes: ['sls:AlertEvent:Firing', 'sls:AlertEvent:Resolved'],
      maxAgeMs: 600_000,
      when: { text: "type == 'sls:AlertEvent:Firing' && data.status == 'firing'" },
      app: { text: 'data.labels.edas_app_id' },
      problemStartedAt: { text: 'data.fire_time' },
      mayLackProblemStart: true,
      apps: [app],
      cluster: 'ecs',
      mode: 'now',
      follow: true,
      dryRun: false,
    });
  });

  test('says itself what it likes', () => {
    const lines = [
      'preset: sls-event',
      'source: [acs.sls.alert, my.sls]',
      'type: sls:AlertEvent:Firing',
      'maxAge: 1m',
      "when: data.severity == 'critical'",
      'changeOrderId: data.order',
      'problemStartedAt: data.since',
      `apps: [${app.toUpperCase()}, ${otherApp}]`,
      'cluster: k8s',
      'follow: false',
      'dryRun: true',
    ];
    const source = only(withEvents(...lines));
    expect(source).toMatchObject({
      eventSources: ['acs.sls.alert', 'my.sls'],
      eventTypes: ['sls:AlertEvent:Firing'],
      maxAgeMs: 60_000,
      when: { text: "data.severity == 'critical'" },
      changeOrderId: { text: 'data.order' },
      problemStartedAt: { text: 'data.since' },
      apps: [app, otherApp],
      cluster: 'k8s',
      follow: false,
      dryRun: true,
    });
    expect([source.app, source.mayLackProblemStart]).toEqual([undefined, undefined]);
  });

  test('with mode: deferred is followed by the task that rolls back', () => {
    expect(only(cloudevent('mode: deferred'))).toMatchObject({ mode: 'deferred', follow: true });
    expect(told(cloudevent('mode: deferred', 'follow: false'))).toEqual([
      '8:5 with mode: deferred, the task that rolls back follows it as well: take this out',
    ]);
  });

  test('whose preset has no place for an id means the one application under apps', () => {
    expect(only(cloudevent()).app).toMatchObject({ text: `'${app}'` });
  });

  test('names each of them where there are several', () => {
    const lines = ['preset: cloudmonitor-event', `apps: [${app}, ${otherApp}]`];
    expect(told(withEvents(...lines))).toEqual([
      '3:5 the events of cloudmonitor-event have no field for an id that is known: say with app or changeOrderId where one stands, or name the one application to roll back under apps',
    ]);
    expect(told(withEvents(...lines, 'app: data.labels.app'))).toEqual([]);
  });

  test('knows the end of names by a *', () => {
    const { eventSources, eventTypes } = only(
      withEvents('preset: cloudevent', "source: 'shop.*'", 'type: [shop:Firing]', `apps: [${app}]`),
    );
    expect([eventSources, eventTypes]).toEqual([['shop.*'], ['shop:Firing']]);
  });

  test('that knows no end of its types says with a when which of them count', () => {
    const lines = ['preset: cloudevent', 'source: shop', "type: 'shop:*'", `apps: [${app}]`];
    expect(told(withEvents(...lines))).toEqual([
      '5:5 with a * it takes the events that say that all is well, too: add a when that is true only where something has to be rolled back, or name the types',
    ]);
    expect(told(withEvents(...lines, "when: ends_with(type, ':Firing')"))).toEqual([]);
  });

  test('may be all that there is in the file', () => {
    const { sources, events, notify } = compileConfiguration(cloudevent());
    expect([sources, events.length, notify]).toEqual([[], 1, []]);
  });
});

describe('a file without sources and without events', () => {
  test.each([
    ['is empty', '', ['1:1 the file is empty']],
    [
      'has channels only',
      'notify: [{ kind: feishu, url: FEISHU_ROBOT_URL }]\n',
      ['1:1 sources is missing: there is nothing that may roll back'],
    ],
    ['names no source of events', 'events: {}\n', ['1:1 "events" must have at least one source of events']],
  ])('%s', (_what, text, faults) => {
    expect(told(text)).toEqual(faults);
  });
});

describe('what cannot work is told, with its place:', () => {
  test.each<[string, string, string[]]>([
    [
      'no preset',
      withEvents(`apps: [${app}]`),
      ['2:3 "preset" must be one of sls-event, arms-event, cloudmonitor-event, edas-event, cloudevent'],
    ],
    ['no apps', withEvents('preset: sls-event'), ['2:3 "apps" is missing']],
    [
      'an application that is named twice',
      withEvents('preset: sls-event', `apps: [${app}, ${app.toUpperCase()}]`),
      ['4:5 an application is named twice'],
    ],
    [
      'neither source nor type of any event',
      withEvents('preset: cloudevent', `apps: [${app}]`),
      [
        '3:5 cloudevent is for the events of any service: say with type which ones are meant, as the event has it under type',
        '3:5 cloudevent is for the events of any service: say with source which ones are meant, as the event has it under source',
      ],
    ],
    [
      'an application and a change order',
      cloudevent('app: data.app', 'changeOrderId: data.order'),
      ['7:5 app and changeOrderId both say what to roll back: take one of them out'],
    ],
    [
      'an application that is not among apps',
      cloudevent(`app: "'${otherApp}'"`),
      ['7:5 this application is not among the apps that the source may touch'],
    ],
    [
      'an expression that is none',
      cloudevent('when: data.state ='),
      [expect.stringMatching(/^7:5 this is not JMESPath: /)],
    ],
    [
      'a * inside a name',
      withEvents('preset: sls-event', `apps: [${app}]`, "type: 'sls:*:Firing'"),
      ['5:5 "type" may have a * at its end only, for every text that begins so'],
    ],
    [
      'a * inside one of several names',
      withEvents('preset: sls-event', `apps: [${app}]`, "source: [acs.sls.alert, '*.sls']"),
      ['5:29 "source" may have a * at its end only, for every text that begins so'],
    ],
    [
      'a name that is empty',
      withEvents('preset: sls-event', `apps: [${app}]`, "source: ''"),
      ['5:5 "source" must be the source of a CloudEvent, such as acs.sls.alert'],
    ],
    [
      'a list without a name',
      withEvents('preset: sls-event', `apps: [${app}]`, 'type: []'),
      ['5:5 "type" must have at least one name'],
    ],
    [
      'a name that is a number',
      withEvents('preset: sls-event', `apps: [${app}]`, 'type: 7'),
      ['5:5 "type" must be a text, or a list of texts'],
    ],
    [
      'a number among the names',
      withEvents('preset: sls-event', `apps: [${app}]`, 'type: [7]'),
      ['5:12 each item of "type" must be a string'],
    ],
    [
      'a name without a value',
      withEvents('preset: sls-event', `apps: [${app}]`, 'type:'),
      ['5:5 "type" is empty'],
    ],
    [
      'an age without a unit',
      cloudevent('maxAge: 10'),
      ['7:5 "maxAge" must have its unit, s, m, h or d: write 10m for minutes'],
    ],
    ['an age that is too long', cloudevent('maxAge: 25h'), ['7:5 "maxAge" must be from 1m to 24h']],
    ['an age that is too short', cloudevent('maxAge: 10s'), ['7:5 "maxAge" must be from 1m to 24h']],
    [
      'a key that is nearly one',
      cloudevent('maxage: 10m'),
      ['7:5 "maxage" is not a key here; did you mean "maxAge"?'],
    ],
    [
      'notify inside a source',
      cloudevent('notify: []'),
      ['7:5 notify stands at the top level, beside sources: move it there'],
    ],
  ])('%s', (_what, text, faults) => {
    expect(told(text)).toEqual(faults);
  });
});

describe('a key that means nothing for events is told why, and what to do:', () => {
  const noSecret =
    'an event has neither a secret nor a signature: RAM says who may call the function. Take this out';
  const noPeople =
    'people write no events: take this out, and say with app or changeOrderId where an id stands';
  const noAnswer = 'EventBridge reads no answer, and looks only whether the function failed: take this out';

  test.each([
    ['secrets', 'secrets: [SECRET_IT]', noSecret],
    ['verify', 'verify: { scheme: bearer }', noSecret],
    [
      'allow',
      "allow: data.user == 'alice'",
      'an event has no sender to allow: RAM says who may call the function. Put the condition into when',
    ],
    ['command', 'command: data.text', noPeople],
    ['language', 'language: zh', noPeople],
    ['refusalStatus', 'refusalStatus: 200', noAnswer],
    ['successStatus', 'successStatus: 200', noAnswer],
    ['deadlineMs', 'deadlineMs: 9000', 'no sender waits for an answer to an event: take this out'],
  ])('%s', (key, line, why) => {
    expect(told(cloudevent(line))).toEqual([`7:5 "${key}" is not a key here: ${why}`]);
  });
});

describe('a key that only events have is told where it belongs:', () => {
  const names =
    'only events have a source and a type: move this source under events, or put the condition into when';

  test.each([
    ['source', 'source: acs.sls.alert', names],
    ['type', 'type: sls:AlertEvent:Firing', names],
    [
      'maxAge',
      'maxAge: 10m',
      'only events have an age: move this source under events; a webhook that signs its time is limited by verify.timestamp',
    ],
  ])('%s', (key, line, why) => {
    const text = `sources:\n  it:\n    preset: generic\n    secrets: [A]\n    ${line}\n`;
    expect(told(text)).toEqual([`5:5 "${key}" is not a key here: ${why}`]);
  });
});

describe('a preset of the other section', () => {
  test.each([
    ['sls', '; did you mean "sls-event"?'],
    ['arms', '; did you mean "arms-event"?'],
    ['cms', '; did you mean "cloudmonitor-event"?'],
    ['edas', '; did you mean "edas-event"?'],
    ['sls_events', '; did you mean "sls-event"?'],
    ['CloudEvents', '; did you mean "cloudevent"?'],
    ['eventbridge', '; did you mean "cloudevent"?'],
    ['sls-evnt', '; did you mean "sls-event"?'],
    [
      'github',
      '; github sends webhooks: move this source under sources, or take preset: cloudevent if its events come by EventBridge',
    ],
    [
      'prometheus',
      '; alertmanager sends webhooks: move this source under sources, or take preset: cloudevent if its events come by EventBridge',
    ],
    [
      'watchtower',
      '; there are sls-event, arms-event, cloudmonitor-event, edas-event, and cloudevent for any other event',
    ],
  ])('under events, %s is not known', (preset, advice) => {
    expect(told(withEvents(`preset: ${preset}`, `apps: [${app}]`))).toEqual([
      `3:5 "preset" does not know "${preset}"${advice}`,
    ]);
  });

  test.each(['sls-event', 'arms-event', 'cloudmonitor-event', 'edas-event', 'cloudevent'])(
    'under sources, %s is not known',
    (preset) => {
      expect(told(`sources:\n  it:\n    preset: ${preset}\n    secrets: [A]\n`)).toEqual([
        `3:5 "preset" does not know "${preset}"; ${preset} is for events: it belongs under events, beside sources`,
      ]);
    },
  );
});

describe('several sources', () => {
  const file = (...events: string[]) => ['events:', ...events.map((line) => `  ${line}`), ''].join('\n');
  const any = `preset: cloudevent, apps: [${app}]`;

  test('may take the same events, where the first of them has a when', () => {
    expect(
      told(
        file(
          `a: { ${any}, source: shop, type: shop:Firing, when: data.critical }`,
          `b: { ${any}, source: shop, type: shop:Firing }`,
        ),
      ),
    ).toEqual([]);
  });

  test.each([
    ['the same names', 'source: shop, type: shop:Firing', 'source: shop, type: shop:Firing'],
    ['a * over all of them', "source: '*', type: shop:Firing", 'source: shop, type: shop:Firing'],
    ['a * over another one', "source: 's*', type: shop:Firing", "source: 'shop.*', type: shop:Firing"],
    [
      'more names',
      'source: [shop, bank], type: [shop:Firing, bank:Firing]',
      'source: bank, type: shop:Firing',
    ],
  ])('are reached by no event behind a source without a when, which has %s', (_what, first, second) => {
    expect(told(file(`a: { ${any}, ${first} }`, `b: { ${any}, ${second} }`))).toEqual([
      '3:3 a, which stands before it, takes all of its events: give a a when that is false for some of them, or move it behind b',
    ]);
  });

  const other = '3616cdca-0000-4000-8000-0000000000ff';
  const labels = `source: shop, type: shop:Firing, app: data.app`;
  const orders = `source: shop, type: shop:Firing, changeOrderId: data.order`;

  test.each([
    ['the same when', `preset: sls-event, apps: [${app}]`, `preset: sls-event, apps: [${app}]`],
    ['more applications', `preset: sls-event, apps: [${other}, ${app}]`, `preset: sls-event, apps: [${app}]`],
    ['the place of the order', `preset: cloudevent, apps: [${other}], ${orders}`, `${any}, ${orders}`],
  ])('are reached by no event behind a source that has %s', (_what, first, second) => {
    expect(told(file(`a: { ${first} }`, `b: { ${second} }`))).toEqual([
      expect.stringContaining('a, which stands before it, takes all of its events'),
    ]);
  });

  test.each([
    ['other applications', `preset: sls-event, apps: [${other}]`, `preset: sls-event, apps: [${app}]`],
    [
      'other applications, and no when',
      `preset: cloudevent, apps: [${other}], ${labels}`,
      `${any}, ${labels}`,
    ],
    ['another when', `${any}, ${labels}, when: data.a`, `${any}, ${labels}, when: data.b`],
    [
      'another place of the application',
      `${any}, ${labels}`,
      `${any}, source: shop, type: shop:Firing, app: data.id`,
    ],
    ['a shorter maxAge', `${any}, ${labels}, maxAge: 5m`, `${any}, ${labels}`],
  ])('are reached behind a source that has %s', (_what, first, second) => {
    expect(told(file(`a: { ${first} }`, `b: { ${second} }`))).toEqual([]);
  });

  test.each([
    ['fewer names', 'source: shop, type: shop:Firing', 'source: [shop, bank], type: shop:Firing'],
    ['a shorter *', "source: 'shop.*', type: shop:Firing", "source: 's*', type: shop:Firing"],
    ['another type', 'source: shop, type: shop:Firing', 'source: shop, type: shop:Failed'],
  ])('are reached behind a source that has %s', (_what, first, second) => {
    expect(told(file(`a: { ${any}, ${first} }`, `b: { ${any}, ${second} }`))).toEqual([]);
  });

  test('of which one is of webhooks do not share a name', () => {
    const sources = `sources:\n  shop: { preset: generic, secrets: [A] }\n`;
    const events = `events:\n  shop: { preset: sls-event, apps: [${app}] }\n`;
    expect(told(sources + events)).toEqual([
      '4:3 a source of webhooks has this name, too: call this one shop-events',
    ]);
  });
});

describe('a release that has ended', () => {
  test('is rolled back for an event, too, and every other source knows it', () => {
    const text = `sources: { pipeline: { preset: generic, secrets: [A] } }
events:
  slo: { preset: sls-event, apps: [${app}], ended: { within: 30m } }
  other: { preset: cloudevent, source: shop, type: shop:Firing, apps: [${app}] }
`;
    const { sources, events } = compileConfiguration(text);
    expect(events[0]?.ended).toMatchObject({ withinMs: 1_800_000, everyMs: 3_600_000 });
    expect([...sources, ...events].map(({ mayMeetReleaseRollback }) => mayMeetReleaseRollback)).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('needs a task', () => {
    expect(told(cloudevent('ended: { within: 30m }', 'follow: false'))).toEqual([
      '7:5 a task of the follow function rolls the ended release back: add follow: true to the source',
    ]);
  });
});

describe('people who decide first', () => {
  const channel = 'notify: [{ kind: dingtalk, url: DINGTALK_ROBOT_URL }]\n';

  test('are asked before an event rolls back', () => {
    expect(only(cloudevent('confirm: all', 'confirmWithin: 5m') + channel)).toMatchObject({
      confirm: { of: 'all', withinMs: 300_000, by: 'page', people: 1 },
      follow: true,
    });
  });

  test('read what the alert says', () => {
    const source = only(withEvents('preset: sls-event', `apps: [${app}]`, 'confirm: all') + channel);
    expect(source.summary?.text).toContain('data.annotations.title');
  });

  test('cannot be asked without a channel', () => {
    expect(told(cloudevent('confirm: all'))).toEqual([
      '7:5 people are asked in the channels of notify, and this file has none: add notify: [{ kind: dingtalk, url: DINGTALK_ROBOT_URL }] beside sources, or another channel',
    ]);
  });

  test.each([['confirmWithin: 5m'], ['confirmBy: chat'], ['summary: data.text']])(
    'are meant by %s, and there are none',
    (line) => {
      expect(told(cloudevent(line))).toEqual([
        '7:5 this is for the people who decide first, and this source asks no one: add confirm: all, or take this out',
      ]);
    },
  );

  test('may decide in a chat of the same file, which stands under sources', () => {
    const text = cloudevent('confirm: { people: 2 }', 'confirmBy: chat') + channel;
    expect(told(text)).toEqual([
      '8:5 people decide by a command in a chat, and this file has none: add a source with preset: slack, feishu or dingtalk, and with allow',
    ]);
    const chat = "sources: { slack: { preset: slack, secrets: [A], allow: user_id == 'U1' } }\n";
    const { sources, events } = compileConfiguration(chat + text);
    expect(sources[0]?.decides).toEqual({ people: 2 });
    expect(events[0]?.confirm).toMatchObject({ by: 'chat', people: 2 });
  });

  test('do not decide in a chat that does not say whose word counts', () => {
    const chat = 'sources: { slack: { preset: slack, secrets: [A] } }\n';
    expect(told(chat + cloudevent('confirm: all', 'confirmBy: chat') + channel)).toEqual([
      '9:5 people decide by a command in a chat, and no chat says whose word counts: add allow to slack',
    ]);
  });
});

describe('what no page shows is told of: a source', () => {
  const unconfirmed = (...lines: string[]) => compileConfiguration(withEvents(...lines)).unconfirmed;

  test('that takes what a preset assumes', () => {
    expect(unconfirmed('preset: arms-event', `apps: [${app}]`)).toEqual([
      { name: 'it', preset: 'arms-event', assumed: ['when', 'app', 'problemStartedAt'] },
    ]);
    expect(unconfirmed('preset: cloudmonitor-event', `apps: [${app}]`, 'when: data.firing')).toEqual([
      { name: 'it', preset: 'cloudmonitor-event', assumed: ['problemStartedAt'] },
    ]);
  });

  test('is not among them once it says itself where all of it stands', () => {
    const own = ['when: data.firing', 'changeOrderId: data.order', 'problemStartedAt: data.since'];
    expect(unconfirmed('preset: arms-event', `apps: [${app}]`, ...own)).toEqual([]);
  });

  test.each(['sls-event', 'edas-event', 'cloudevent, source: shop, type: shop:Firing'])(
    'is not among them with the preset %s',
    (preset) => {
      const text = `events: { it: { apps: [${app}], preset: ${preset} } }`;
      expect(compileConfiguration(text).unconfirmed).toEqual([]);
    },
  );
});
