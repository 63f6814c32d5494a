import { describe, expect, onTestFinished, test } from 'vitest';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import { readerOf } from '../../../../local/commands/doctor/ask-function-compute.ts';
import { readRole } from '../../../../local/commands/doctor/ask-ram.ts';
import {
  checkDeadLetters,
  checkEventBridgeRole,
  checkTriggers,
  eventBridgeRole,
} from '../../../../local/commands/doctor/check-events-function.ts';
import { denied, htmlPage, throttled, type Fault } from '../../../../local/stand-ins/fc/faults.ts';
import type { FunctionSettings } from '../../../../local/stand-ins/fc/function-settings.ts';
import { startFcStandIn } from '../../../../local/stand-ins/fc/stand-in.ts';
import { startRamStandIn } from '../../../../local/stand-ins/ram/stand-in.ts';
import { fakeAccountId, fakeCredentials } from '../../../support/webhook.ts';

const name = 'sls-ops-edas-rollback-events';
const app = '3616cdca-4f92-4413-8e80-4de3a52b1c9f';
const credentials = { getCredentials: () => Promise.resolve(fakeCredentials) };
const ofSls = compileConfiguration(`events: { slo: { preset: sls-event, apps: [${app}] } }`).events;
const ofArms = compileConfiguration(
  `events: { shop: { preset: cloudevent, source: acs.arms, type: "arms:*", when: data.firing, apps: [${app}] } }`,
).events;

/** What Function Compute has of it, as s.yaml makes it. */
const trigger = {
  triggerName: 'events',
  triggerType: 'eventbridge',
  triggerConfig: {
    triggerEnable: true,
    asyncInvocationType: true,
    eventRuleFilterPattern: '{"source":["acs.arms"]}',
    eventSourceConfig: { eventSourceType: 'Default' },
    eventSinkConfig: { deliveryOption: { eventSchema: 'CloudEvents' } },
    runOptions: { mode: 'event-driven' },
  },
};

async function open(own: FunctionSettings | undefined, fault?: Fault) {
  const fc = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: {},
    ...(own && { set: { [name]: own } }),
    ...(fault && { fault: () => fault }),
  });
  onTestFinished(() => fc.close());
  return readerOf({ name, accountId: fakeAccountId, region: 'cn-hangzhou', endpoint: fc.url }, credentials);
}

describe('the trigger of the events function', () => {
  const check = async (
    config: object,
    { type = 'eventbridge', sources = ofArms }: { type?: string; sources?: typeof ofArms } = {},
  ) => {
    const triggerConfig = { ...trigger.triggerConfig, ...config };
    const reader = await open({ triggers: [{ ...trigger, triggerType: type, triggerConfig }] });
    return checkTriggers(reader, name, sources, true);
  };

  test('is right as s.yaml makes it, and the pattern that lets events pass is shown', async () => {
    expect(await check({})).toEqual([
      {
        verdict: 'right',
        what: 'EventBridge calls the events function by the trigger events, for {"source":["acs.arms"]}',
      },
    ]);
  });

  test.each([
    ['disabled', { triggerEnable: false }, 'warning', 'is disabled, so no event comes by it'],
    ['synchronous', { asyncInvocationType: false }, 'warning', 'waits for the function (synchronous)'],
    ['a stream', { runOptions: { mode: 'event-streaming' } }, 'wrong', 'sends lists of events'],
    [
      'raw',
      { eventSinkConfig: { deliveryOption: { eventSchema: 'RawData' } } },
      'wrong',
      'sends only the data of an event',
    ],
  ])('that is %s is told', async (_what, config, verdict, text) => {
    expect(await check(config)).toEqual([
      expect.objectContaining({
        verdict,
        what: expect.stringContaining(`the trigger events ${text}`) as unknown,
      }),
    ]);
  });

  test('may be no HTTP trigger, which gives the function a URL', async () => {
    const [finding] = await check({}, { type: 'http', sources: ofSls });
    expect(finding).toMatchObject({
      verdict: 'wrong',
      what: 'the events function has a URL, by the trigger events: an event is not signed, so all who know it could roll back',
    });
  });

  test('of another type is told', async () => {
    const [finding] = await check({}, { type: 'timer', sources: ofSls });
    expect(finding).toMatchObject({
      verdict: 'warning',
      what: expect.stringContaining('of the type timer') as unknown,
    });
  });

  test('may be missing where all events come on a bus of one’s own, whose rules are not looked at', async () => {
    const findings = await checkTriggers(await open({ triggers: [] }), name, ofSls, true);
    expect(findings).toEqual([
      {
        verdict: 'skipped',
        what: `which rules of a bus of your own call ${name}: they were not looked at. aliyun eventbridge ListRules --EventBusName BUS lists them with their targets`,
      },
    ]);
  });

  test('is missed where events come on the bus default', async () => {
    const [finding] = await checkTriggers(await open({ triggers: [] }), name, [...ofSls, ...ofArms], true);
    expect(finding).toMatchObject({
      verdict: 'warning',
      what: `${name} has no trigger of EventBridge, and the events of shop come on the bus default`,
    });
  });

  test.each([
    [false, 'warning'],
    [true, 'wrong'],
  ])('cannot be there where the function is not; deployed: %s, %s', async (isDeployed, verdict) => {
    const findings = await checkTriggers(await open(undefined), name, ofSls, isDeployed);
    expect(findings).toEqual([
      expect.objectContaining({ verdict, what: `Function Compute knows no function ${name} in this region` }),
    ]);
  });

  test('is not judged with credentials that may not ask', async () => {
    expect(await checkTriggers(await open({}, denied()), name, ofSls, true)).toEqual([
      {
        verdict: 'unknown',
        what: `what calls the events function ${name}: your credentials may not ask (403 AccessDenied)`,
        advice: 'They need fc:ListTriggers for that.',
      },
    ]);
  });

  test.each([throttled(), htmlPage({ status: 502 }), htmlPage({ status: 200 })])(
    'is not judged where Function Compute gives no clear answer: $name',
    async (fault) => {
      const [finding] = await checkTriggers(await open({}, fault), name, ofSls, true);
      expect(finding).toMatchObject({ verdict: 'unknown' });
    },
  );
});

describe('events that failed to the end', () => {
  const destination = 'acs:mns:cn-hangzhou:1234567890123456:/queues/edas-rollback-dead-letters/messages';

  test('are kept where the function has a destination', async () => {
    const reader = await open({ asyncInvokeConfig: { destinationConfig: { onFailure: { destination } } } });
    expect(await checkDeadLetters(reader, name)).toEqual([
      { verdict: 'right', what: `events that failed to the end are kept in ${destination}` },
    ]);
  });

  test.each([
    ['nothing is set', {}],
    ['only retries are set', { asyncInvokeConfig: { maxAsyncRetryAttempts: 8 } }],
  ])('are lost where %s', async (_what, own) => {
    const [finding] = await checkDeadLetters(await open(own), name);
    expect(finding).toMatchObject({
      verdict: 'warning',
      what: expect.stringContaining('are lost') as unknown,
    });
  });

  test('are not judged where it cannot be read, and not spoken of where there is no function', async () => {
    const [finding] = await checkDeadLetters(await open({}, denied()), name);
    expect(finding).toMatchObject({ verdict: 'unknown' });
    expect(await checkDeadLetters(await open(undefined), name)).toEqual([]);
  });
});

describe('the role of EventBridge', () => {
  const check = async (options: { roles: readonly string[]; isDenied?: boolean }) => {
    const ram = await startRamStandIn({ credentials: fakeCredentials, ...options });
    onTestFinished(() => ram.close());
    const finding = checkEventBridgeRole(await readRole(eventBridgeRole, ram.url, credentials));
    expect(ram.calls.map(({ action, roleName }) => [action, roleName])).toEqual([
      ['GetRole', eventBridgeRole],
    ]);
    return finding;
  };

  test('is right where it is there', async () => {
    expect(await check({ roles: [eventBridgeRole] })).toMatchObject({ verdict: 'right' });
  });

  test('is wrong where it is missing, and the command that creates it is told', async () => {
    expect(await check({ roles: [] })).toEqual({
      verdict: 'wrong',
      what: 'EventBridge may not call functions: its role AliyunServiceRoleForEventBridgeSendToFC is missing',
      advice:
        'Create it, once for the account: aliyun eventbridge CreateServiceLinkedRoleForProduct --ProductName AliyunServiceRoleForEventBridgeSendToFC',
    });
  });

  test('is not judged where RAM may not be asked, or is not there', async () => {
    expect(await check({ roles: [], isDenied: true })).toMatchObject({
      verdict: 'unknown',
      what: expect.stringContaining('(NoPermission)') as unknown,
    });
    const nowhere = checkEventBridgeRole(await readRole(eventBridgeRole, 'http://127.0.0.1:1', credentials));
    expect(nowhere).toMatchObject({
      verdict: 'unknown',
      what: expect.stringContaining('(ECONNREFUSED)') as unknown,
    });
  });
});
