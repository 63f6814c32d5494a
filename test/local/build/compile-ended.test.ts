import { describe, expect, test } from 'vitest';
import { compileSources, SourcesError } from '../../../local/build/compile-sources.ts';
import { configurationDigest } from '../../../local/build/configuration-digest.ts';
import { describeDuration, parseDuration } from '../../../local/build/duration.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const group = '8123db90-0000-4000-8000-000000000001';

/** A file with one source; `ended` stands on line 5, from column 5. */
const withEnded = (ended: string, ...lines: string[]) =>
  [
    'sources:',
    '  pipeline:',
    '    preset: generic',
    '    secrets: [SECRET_PIPELINE]',
    `    ended: ${ended}`,
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');

/** The same, with all that `ended` needs. */
const working = (ended: string, ...lines: string[]) =>
  withEnded(ended, `apps: [${app}]`, 'follow: true', ...lines);

/** What the build says, `line:column message`. */
function told(text: string): string[] {
  try {
    compileSources(text);
  } catch (error) {
    if (!(error instanceof SourcesError)) throw error;
    return error.faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
}

const noGroup = '"group" must be the id of a group (a UUID, as the EDAS console shows it), or all';
const noDuration = 'must be a whole number and its unit, s, m, h or d, such as 30m';
const namesNoApp = 'EDAS does not say of a change order which application it is of';
const notFollowed = '5:5 a task of the follow function rolls the ended release back: add follow: true';

describe('a release that has ended', () => {
  test('is rolled back with the least that can be said, and all else has its default', () => {
    const [source] = compileSources(working('{ within: 30m }'));
    expect(source?.ended).toEqual({
      withinMs: 1_800_000,
      everyMs: 3_600_000,
      group: 'all',
      batches: 2,
      batchWaitMinutes: 0,
    });
  });

  test('is rolled back as the source says', () => {
    const ended = `{ within: 24h, every: 7d, group: ${group.toUpperCase()}, batches: 5, batchWaitMinutes: 5, version: deploy.previous }`;
    const [source] = compileSources(working(ended));
    expect(source?.ended).toEqual({
      withinMs: 86_400_000,
      everyMs: 604_800_000,
      group,
      batches: 5,
      batchWaitMinutes: 5,
      version: {
        text: 'deploy.previous',
        tree: expect.objectContaining({ type: 'Subexpression' }) as unknown,
      },
    });
  });

  test('is not rolled back where no source says so', () => {
    const [source] = compileSources(
      `sources: { pipeline: { preset: generic, secrets: [A], apps: [${app}], follow: true } }`,
    );
    expect([source?.ended, source?.mayMeetReleaseRollback]).toEqual([undefined, undefined]);
  });

  test('of one source is known to every source of the file', () => {
    const sources = compileSources(
      `${working('{ within: 30m }')}  other: { preset: github, secrets: [B] }\n`,
    );
    expect(sources.map(({ ended, mayMeetReleaseRollback: may }) => [ended !== undefined, may])).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  test.each<[what: string, source: string]>([
    ['its field for the application', withEnded('{ within: 1m }', 'app: labels.app', 'follow: true')],
    ['mode: deferred, which follows', withEnded('{ within: 1m }', 'app: labels.app', 'mode: deferred')],
    [
      'a channel of notify, which follows',
      `${withEnded('{ within: 1m }', 'app: labels.app')}notify: [{ kind: slack, url: SLACK_URL }]\n`,
    ],
    [
      "its preset's field for the application, and its preset's follow",
      `sources: { a: { preset: alertmanager, secrets: [A], apps: [${app}], ended: { within: 1m } } }`,
    ],
    [
      'its links, which name one of the applications',
      `sources: { a: { preset: cloudmonitor, secrets: [A], apps: [${app}], ended: { within: 1m } } }`,
    ],
    [
      'the applications of a chat',
      `sources: { a: { preset: slack, secrets: [A], apps: [${app}], follow: true, ended: { within: 1m } } }`,
    ],
    ['a pause of nothing between two rollbacks', working('{ within: 1m, every: 0s }')],
  ])('is rolled back for a source with %s', (_what, text) => {
    expect(told(text)).toEqual([]);
  });

  test.each([
    'within: 31m',
    'every: 2h',
    'batches: 3',
    'batchWaitMinutes: 1',
    `group: ${group}`,
    'version: a',
  ])('gives the configuration another digest with %s', (setting) => {
    const digestOf = (ended: string) => configurationDigest(compileSources(working(`{ ${ended} }`)));
    const within = setting.startsWith('within') ? '' : 'within: 30m, ';
    expect(digestOf(`${within}${setting}`)).not.toBe(digestOf('within: 30m'));
  });
});

describe('ended does not build, and the place and the way out are told:', () => {
  test.each<[what: string, text: string, expected: string[]]>([
    ['nothing', working('~'), ['5:5 "ended" is empty']],
    ['a duration alone', working('30m'), ['5:5 "ended" must be a map: write { within: 30m }']],
    ['yes', working('true'), ['5:5 "ended" must be a map: write { within: 30m }']],
    ['no window', working('{}'), ['5:5 "within" is missing']],
    [
      'a misspelt key',
      working('{ within: 30m, batchs: 2 }'),
      ['5:27 "batchs" is not a key here; did you mean "batches"?'],
    ],
    [
      'a key of the source',
      working('{ within: 30m, deadlineMs: 2 }'),
      [
        '5:27 "deadlineMs" is not a key here; there are within, version, group, batches, batchWaitMinutes, every',
      ],
    ],
    [
      'a window without its unit',
      working('{ within: 30 }'),
      ['5:14 "within" must have its unit, s, m, h or d'],
    ],
    ...['30 m', '30min', '1.5h', '-1m', '', '1h30m', '1H'].map((text): [string, string, string[]] => [
      `the window "${text}"`,
      working(`{ within: "${text}" }`),
      [`5:14 "within" ${noDuration}`],
    ]),
    ...['0s', '59s', '86401s', '25h', '2d'].map((text): [string, string, string[]] => [
      `a window of ${text}`,
      working(`{ within: ${text} }`),
      ['5:14 "within" must be from 1m to 24h'],
    ]),
    ['eight days', working('{ within: 1h, every: 8d }'), ['5:26 "every" must be from 0s to 7d']],
    ['zero without its unit', working('{ within: 1h, every: 0 }'), ['5:26 "every" must have its unit']],
    ['a group by its name', working('{ within: 1h, group: _DEFAULT_GROUP }'), [`5:26 ${noGroup}`]],
    ['no batch', working('{ within: 1h, batches: 0 }'), ['5:26 "batches" must be at least 1']],
    ['six batches', working('{ within: 1h, batches: 6 }'), ['5:26 "batches" must be at most 5']],
    ['half a batch', working('{ within: 1h, batches: 1.5 }'), ['5:26 "batches" must be a whole number']],
    [
      'six minutes between batches',
      working('{ within: 1h, batchWaitMinutes: 6 }'),
      ['5:26 "batchWaitMinutes" must be at most 5'],
    ],
    [
      'a version that is no JMESPath',
      working('{ within: 1h, version: a == }'),
      ['5:26 this is not JMESPath'],
    ],
    [
      'a version that is a comparison',
      working("{ within: 1h, version: a == 'b' }"),
      ['5:26 this can never be text, and the name of a version is text'],
    ],
    [
      'a list of versions',
      working('{ within: 1h, version: "versions[].name" }'),
      ['5:26 this gives a list, and the name of a version is text: take one of it, such as [0]'],
    ],
    [
      'a version that is written out',
      working(`{ within: 1h, version: "'1.0'" }`),
      ['5:26 a version that is written out is the same for every webhook'],
    ],
    [
      'Kubernetes',
      working('{ within: 1h }', 'cluster: k8s'),
      ['5:5 EDAS has no operation that rolls an ended release back in Kubernetes'],
    ],
    ['a source that is not followed', withEnded('{ within: 1h }', `apps: [${app}]`), [notFollowed]],
    [
      'a source that is not followed on purpose',
      `${withEnded('{ within: 1h }', `apps: [${app}]`, 'follow: false')}notify: [{ kind: slack, url: A }]\n`,
      // What else is wrong then has its own test.
      ['5:5 a task of the follow function', '8:1 no source is followed'],
    ],
    ['no application', withEnded('{ within: 1h }', 'follow: true'), [`5:5 ${namesNoApp}`]],
    [
      'no application and no follow',
      withEnded('{ within: 1h }', 'changeOrderId: id'),
      [notFollowed, `5:5 ${namesNoApp}`],
    ],
    [
      'what people write, and no application',
      'sources: { a: { preset: slack, secrets: [A], follow: true, ended: { within: 1h } } }',
      [`1:60 ${namesNoApp}, and that is what is rolled back: add apps: [<id>]`],
    ],
    [
      'a version that everyone could choose who has seen a request',
      `sources: { a: { preset: alertmanager, secrets: [A], apps: [${app}], ended: { within: 1h, version: v } } }`,
      [
        '1:120 the sender does not sign its payload, so everyone who has seen one of its requests could choose',
      ],
    ],
    [
      'a sender that does not sign its payload, and no application, of which one fault is told',
      'sources: { a: { preset: alertmanager, secrets: [A], ended: { within: 1h } } }',
      ['1:17 The sender alertmanager does not sign its payload'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(told(text)).toEqual(expected.map((line) => expect.stringContaining(line) as string));
  });

  test('what is said of Kubernetes names what to do instead', () => {
    const [fault = ''] = told(working('{ within: 1h }', 'cluster: k8s'));
    expect(fault).toMatch(/take ended out.*"Deploy a historical version"/);
  });

  test('a program may be told to name the application in its payload, a person may not', () => {
    const [program = ''] = told(withEnded('{ within: 1h }', 'follow: true'));
    const [person = ''] = told(withEnded('{ within: 1h }', 'follow: true', 'command: text'));
    expect(program).toContain('or app in the place of changeOrderId');
    expect(person).not.toContain('app in the place');
  });
});

test.each([
  ['45s', 45_000, '45 s'],
  ['90m', 5_400_000, '90 min'],
  ['120m', 7_200_000, '2 h'],
  ['24h', 86_400_000, '1 d'],
  ['0s', 0, '0 s'],
])('%s is %d ms, which is shown as %s', (text, ms, words) => {
  expect(parseDuration(text)).toBe(ms);
  expect(describeDuration(ms)).toBe(words);
});
