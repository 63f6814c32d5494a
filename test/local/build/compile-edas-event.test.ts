import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileConfiguration, SourcesError } from '../../../local/build/compile-sources.ts';
import { bundleFunctions } from '../../../local/build/write-bundle.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const app = '3616cdca-0000-4000-8000-000000000001';

/** A file with one source of EDAS's events. `lines` stand from line 5 on, from column 5. */
const edas = (...lines: string[]) =>
  [
    'events:',
    '  it:',
    '    preset: edas-event',
    `    apps: [${app}]`,
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');

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

describe('a source of EDAS’s events', () => {
  test('needs its applications only, and knows how an event tells of an end', () => {
    const [source] = compileConfiguration(edas()).events;
    expect(source).toMatchObject({
      eventSources: ['acs.edas'],
      eventTypes: ['edas:ApplicationChange:ChangeOrder'],
      apps: [app],
      tellsEnds: {
        app: { text: 'data.appId' },
        changeOrderId: { text: 'data.event.involvedObject.additionalProperties.changeOrderId' },
      },
      actsOnlyOn: { what: 'the event of a deployment (APPLICATION_CODEPLOY…)' },
    });
    expect(source?.when).toBeUndefined();
  });

  test.each([
    ['changeOrderId: data.id', 'changeOrderId'],
    ['app: data.appId', 'app'],
    ['problemStartedAt: time', 'problemStartedAt'],
    ['ended: { within: 30m }', 'ended'],
  ])('without a when, says of `%s` that it does nothing', (line, key) => {
    expect(told(edas(line))).toContain(
      `5:5 without a when, edas-event rolls nothing back: add a when, or take ${key} out`,
    );
  });

  test('with a when, needs the tasks by which its own rollbacks are known', () => {
    const when = "when: data.event.level == 'ERROR'";
    expect(told(edas(when, 'follow: false'))).toEqual([
      '6:5 the tasks that follow rollbacks tell which change orders are rollbacks themselves, and edas-event must know that: take this out',
    ]);
    expect(told(edas(when, 'ended: { within: 30m }'))).toEqual([]);
  });

  test('without a when, leaves its events to the sources after it', () => {
    const next = [
      '  next:',
      '    preset: edas-event',
      `    apps: [${app}]`,
      "    when: data.appId == 'x'",
      '',
    ];
    expect(told(edas() + next.join('\n'))).toEqual([]);
  });
});

test.each([
  [edas(), true],
  [`events: { it: { preset: sls-event, apps: [${app}] } }`, false],
])('the follow function listens for ends only where events tell of them: %#', async (text, listens) => {
  const { follow } = await bundleFunctions(compileConfiguration(text), temporaryFolder());
  const file = follow.files.find((each) => path.basename(each.path) === 'follow.js');
  expect(
    Buffer.from(file?.contents ?? '')
      .toString('utf8')
      .includes('hearsEnds:!0'),
  ).toBe(listens);
});
