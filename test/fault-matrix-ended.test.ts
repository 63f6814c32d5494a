import { describe, expect, test } from 'vitest';
import * as faults from '../local/stand-ins/edas/faults.ts';
import type { Fault } from '../local/stand-ins/edas/faults.ts';
import * as rewordings from '../local/stand-ins/edas/rewordings.ts';
import { endedIds, openEndedWorld, type EndedWorld } from './support/ended.ts';
import { releaseDue } from './support/releases.ts';
import { taskApp } from './support/task.ts';

// What `RollbackApplication` meets, and what people are told. `test/fault-matrix.test.ts` is the same for a change in flight.

type CleanUp = (work: () => Promise<void>) => void;

/** Seconds that the function runs where a fault is silence, so that the test does not take so long. */
const timeoutOfSilence = 8;
const slowFaults = ['silent', 'delayed', 'slowByteByByte', 'switchingProtocols'];

/** The events that people are told of, in order. */
type Story = 'rolled back' | 'found by reading' | 'had no effect' | 'not rolled back';
const stories: Record<Story, readonly string[]> = {
  'rolled back': ['started', 'succeeded'],
  'found by reading': ['outcome_unknown', 'started', 'succeeded'],
  'had no effect': ['outcome_unknown', 'outcome_unknown'],
  'not rolled back': ['not_rolled_back'],
};
/** What a delivery is answered afterwards. */
const answers: Record<Story, string> = {
  'rolled back': '200 already_rolled_back',
  'found by reading': '200 already_rolled_back',
  'had no effect': '409 release_already_tried',
  'not rolled back': '409 release_already_tried',
};

const done = { takesEffect: true };
const doubt = (fault: Fault): [Fault, Story] => [
  fault,
  fault.takesEffect ? 'found by reading' : 'had no effect',
];
const refusal = (fault: Fault): [Fault, Story] => [fault, 'not rolled back'];
const truth = (fault: Fault): [Fault, Story] => [fault, 'rolled back'];

// A clear refusal is believed. None of these has an effect, for EDAS documents none that has.
const matrix: [Fault, Story][] = [
  ...[
    faults.silent(),
    faults.silent(done),
    faults.delayed({ byMs: 30_000 }),
    faults.switchingProtocols(),
    faults.switchingProtocols(done),
    faults.slowByteByByte({ everyMs: 100 }),
    faults.resetBeforeHandling(),
    faults.resetAfterHandling(),
    faults.htmlBadGateway(),
    faults.htmlBadGateway(done),
    faults.emptyBody(),
    faults.emptyBody(done),
    faults.jsonNull(),
    faults.jsonNull(done),
    faults.jsonNull({ status: 200 }),
    faults.codeMissing(),
    faults.codeMissing(done),
    faults.errorCodeBeside200(),
    faults.errorCodeBeside200(done),
    faults.anyAnswer({ status: 202, body: '{"Code":200}' }),
    faults.truncatedJson(),
    faults.cutInHalf(),
    faults.oversized(),
    faults.wrongContentType({ type: 'text/plain' }),
    faults.wrongContentType({ type: 'text/html' }),
    faults.xmlAnswer(),
    faults.xmlAnswer(done),
    faults.xmlError(),
    faults.redirect(),
    faults.serviceUnavailable(),
    faults.serviceUnavailable(done),
    faults.gatewayError('InternalError'),
    faults.gatewayError('InternalError', done),
    // Nothing documents that EDAS does nothing where it throttles.
    faults.throttled(),
    faults.throttled({ status: 429 }),
    faults.throttled({ status: 503, code: 'Rejected.Throttling' }),
    faults.throttled({ status: 504, code: 'Throttling' }),
    faults.businessErrorUnder200({ code: 'Throttling' }),
    // EDAS took it, and names no order.
    rewordings.emptyOrderId(),
    rewordings.bareSuccess(),
  ].map(doubt),
  ...[
    faults.businessErrorUnder200(),
    faults.businessErrorUnder200({ code: 404 }),
    faults.businessErrorUnder200({ code: 401 }),
    faults.businessErrorUnder200({ code: 403 }),
    faults.edasErrorcodeUnder500(),
    faults.gatewayError('System.Upgrading'),
    faults.gatewayError('Application.ChangerOrder.Not.Running'),
    faults.gatewayError('Resouce.no.permission'),
    faults.gatewayError('InvalidChangeOrder.NotFound'),
    faults.gatewayError('InvalidAccessKeyId.NotFound'),
    faults.gatewayError('InvalidSecurityToken.Expired'),
    faults.deniedByRam(),
    faults.signatureMismatch(),
  ].map(refusal),
  ...[
    rewordings.codeAsText(),
    rewordings.numbersAsText(),
    rewordings.capitalChangeOrderInfo(),
    rewordings.oddStatus(5),
    rewordings.withoutField('RequestId'),
  ].map(truth),
];

const isSlow = ({ name }: Fault) => slowFaults.includes(name);

async function open(fault: Fault, cleanUp: CleanUp): Promise<EndedWorld> {
  const world = await openEndedWorld(isSlow(fault) ? { timeout: timeoutOfSilence } : {}, cleanUp);
  world.task.edas.setFault(({ operation }) => (operation === 'RollbackApplication' ? fault : undefined));
  return world;
}

function withoutRepeats(events: readonly string[]): string[] {
  return events.filter((event, index) => event !== events[index - 1]);
}

const rows = matrix.map(([fault, story]) => ({ fault, story, name: fault.name }));

describe('whatever RollbackApplication meets, it is called once, and people are told the truth:', () => {
  test.concurrent.for(rows)(
    '$name: $story',
    { timeout: 60_000 },
    async ({ fault, story }, { onTestFinished }) => {
      const world = await open(fault, onTestFinished);
      const { task } = world;
      await task.runAll(releaseDue);
      // Each attempt of a function that runs for seconds tells how far it came.
      const events = isSlow(fault) ? withoutRepeats(task.events()) : task.events();
      expect(events).toEqual(isSlow(fault) ? withoutRepeats(stories[story]) : stories[story]);
      const effects = story === 'rolled back' || story === 'found by reading' ? ['1.8.1'] : [];
      expect(world.effects()).toEqual(effects);

      // Function Compute tries the task again, and the alarm keeps firing: for hours, and to an EDAS that is well again.
      task.edas.setFault(undefined);
      for (const pauseMs of [0, 300_000, 7_200_000]) {
        await task.clock.sleep(pauseMs);
        expect(await task.run(releaseDue, 1)).toEqual({ event: 'handed_over' });
        const { status, body } = await world.webhook.post('pipeline', { app: taskApp });
        if (pauseMs === 300_000) {
          expect(`${status} ${String(body['outcome'] ?? body['code'])}`).toBe(answers[story]);
        }
        expect(body).not.toMatchObject({ outcome: 'deferred' });
      }
      await world.settled();
      expect(world.calls()).toBe(1);
      expect(world.effects()).toEqual(effects);
    },
  );

  test('every fault of the stand-in is in the table', () => {
    const kinds = matrix.map(([fault]) => fault.name.replace(/ .*/, ''));
    expect(new Set(kinds)).toEqual(new Set([...Object.keys(faults), ...Object.keys(rewordings)]));
  });
});

describe('a run that is killed', () => {
  test.concurrent.for([
    ['between the call and its answer, which had an effect', true, 'found by reading'],
    ['between its claim and the call', false, 'had no effect'],
  ] as const)('%s, is followed by no other call', async ([, hasEffect, story], { onTestFinished }) => {
    const world = await openEndedWorld({}, onTestFinished);
    const { task } = world;
    const claim = world.claim();
    if (hasEffect) task.edas.orders.rollBackApplication({ appId: taskApp, groupId: 'all', version: '1.8.1' });
    await world.handOver(endedIds.call, claim);
    await task.run(releaseDue, 1);
    await world.settled();
    expect(task.events()).toEqual(stories[story]);
    expect(world.calls()).toBe(0);
    expect(world.effects()).toEqual(hasEffect ? ['1.8.1'] : []);
  });
});
