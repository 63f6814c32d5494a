import { beforeAll, describe, expect, test } from 'vitest';
import * as faults from '../../../local/stand-ins/edas/faults.ts';
import type { Fault } from '../../../local/stand-ins/edas/faults.ts';
import * as rewordings from '../../../local/stand-ins/edas/rewordings.ts';
import { someOf } from '../../support/runs.ts';
import { fakeAccountId, fakeContext } from '../../support/webhook.ts';
import type { CleanUp } from '../webhook/stage.ts';
import { changeOrderId, setEventStage, slo, toldBy, type EventStage } from './stage.ts';

// What the handler makes of each fault of EDAS, and of the same event once all is well. `test/fault-matrix.test.ts` is the same for a
// webhook. With a `!`, it throws, so that the event comes again.

/** The first answer, the second one, and how many rollbacks were sent in all. */
type Course = [first: string, second: string, puts: number];

interface Row {
  fault: Fault;
  /** Every list of change orders meets it. */
  lists: Course;
  /** The first rollback meets it. */
  put: Course;
}

const done = { takesEffect: true };

const unavailable: Course = ['edas_unavailable!', 'rolling_back', 1];
/** Nothing was decided by EDAS, and nothing is known: the task of the claim finds out. */
const inDoubt: Course = ['edas_outcome_unknown', 'edas_outcome_unknown', 1];
const shown: Course = ['rolling_back', 'app_has_no_change_in_flight', 1];
const doubtful = { lists: unavailable, put: inDoubt };
const doubtfulAndDone = { lists: unavailable, put: shown };
const rejected: Pick<Row, 'lists' | 'put'> = {
  lists: ['edas_rejected', 'rolling_back', 1],
  put: ['edas_rejected', 'rolling_back', 2],
};
const denied: Pick<Row, 'lists' | 'put'> = {
  lists: ['edas_denied', 'rolling_back', 1],
  put: ['edas_denied', 'rolling_back', 2],
};
const throttled: Pick<Row, 'lists' | 'put'> = {
  lists: ['edas_throttled!', 'rolling_back', 1],
  put: ['rolling_back', 'app_has_no_change_in_flight', 2],
};
/** A list in which nothing is seen to be in flight. */
const unreadable: Pick<Row, 'lists' | 'put'> = {
  lists: ['app_has_no_change_in_flight', 'rolling_back', 1],
  put: shown,
};
const fine: Pick<Row, 'lists' | 'put'> = { lists: shown, put: shown };

const matrix: Row[] = [
  { fault: faults.htmlBadGateway(), ...doubtful },
  { fault: faults.htmlBadGateway(done), ...doubtfulAndDone },
  { fault: faults.emptyBody(), ...doubtful },
  { fault: faults.emptyBody(done), ...doubtfulAndDone },
  { fault: faults.jsonNull(), ...doubtful },
  { fault: faults.jsonNull(done), ...doubtfulAndDone },
  { fault: faults.codeMissing(), ...doubtful },
  { fault: faults.codeMissing(done), ...doubtfulAndDone },
  { fault: faults.errorCodeBeside200(), ...doubtful },
  { fault: faults.errorCodeBeside200(done), ...doubtfulAndDone },
  { fault: faults.anyAnswer({ status: 202, body: '{"Code":200}' }), ...doubtful },
  { fault: faults.truncatedJson(), ...doubtfulAndDone },
  { fault: faults.cutInHalf(), ...doubtfulAndDone },
  { fault: faults.slowByteByByte({ everyMs: 100 }), ...doubtfulAndDone },
  { fault: faults.oversized(), ...doubtfulAndDone },
  { fault: faults.wrongContentType({ type: 'text/html' }), ...doubtfulAndDone },
  { fault: faults.xmlAnswer(), ...doubtful },
  { fault: faults.xmlAnswer(done), ...doubtfulAndDone },
  { fault: faults.xmlError(), ...doubtful },
  { fault: faults.redirect(), ...doubtful },
  { fault: faults.switchingProtocols(), ...doubtful },
  { fault: faults.switchingProtocols(done), ...doubtfulAndDone },
  { fault: faults.silent(), ...doubtful },
  { fault: faults.silent(done), ...doubtfulAndDone },
  { fault: faults.delayed({ byMs: 30_000 }), ...doubtfulAndDone },
  { fault: faults.resetBeforeHandling(), ...doubtful },
  { fault: faults.resetAfterHandling(), ...doubtfulAndDone },
  { fault: faults.serviceUnavailable(), ...doubtful },
  { fault: faults.serviceUnavailable(done), ...doubtfulAndDone },
  { fault: faults.gatewayError('InternalError'), ...doubtful },
  { fault: faults.gatewayError('InternalError', done), ...doubtfulAndDone },

  { fault: faults.businessErrorUnder200(), ...rejected },
  { fault: faults.businessErrorUnder200({ code: 404 }), ...rejected },
  { fault: faults.edasErrorcodeUnder500(), ...rejected },
  { fault: faults.gatewayError('System.Upgrading'), ...rejected },
  { fault: faults.gatewayError('Application.ChangerOrder.Not.Running'), ...rejected },
  {
    fault: faults.gatewayError('InvalidChangeOrder.NotFound'),
    lists: ['change_order_not_found', 'rolling_back', 1],
    put: ['change_order_not_found', 'rolling_back', 2],
  },

  { fault: faults.deniedByRam(), ...denied },
  { fault: faults.gatewayError('Resouce.no.permission'), ...denied },
  { fault: faults.businessErrorUnder200({ code: 401 }), ...denied },
  { fault: faults.signatureMismatch(), ...denied },
  { fault: faults.gatewayError('InvalidAccessKeyId.NotFound'), ...denied },
  { fault: faults.gatewayError('InvalidSecurityToken.Expired'), ...denied },

  { fault: faults.throttled(), ...throttled },
  { fault: faults.throttled({ status: 429 }), ...throttled },
  { fault: faults.throttled({ status: 504, code: 'Throttling' }), ...doubtful },
  { fault: faults.throttled({ status: 503, code: 'Rejected.Throttling' }), ...throttled },
  { fault: faults.throttled({ status: 403, code: 'Throttling' }), ...throttled },

  // True answers in other words.
  { fault: rewordings.codeAsText(), ...fine },
  { fault: rewordings.capitalChangeOrderInfo(), ...fine },
  { fault: rewordings.oddStatus(5), ...unreadable },
  { fault: rewordings.numbersAsText(), ...fine },
  { fault: rewordings.withoutField('Status'), ...unreadable },
  { fault: rewordings.emptyOrderId(), ...fine },
  { fault: rewordings.bareSuccess(), ...unreadable },
];

/** Seconds that the function may run where a fault is silence, so that the test does not take so long. */
const timeoutOfSilence = 5;
const slowFaults = ['silent', 'delayed', 'slowByteByByte', 'switchingProtocols'];

async function deliverTwice(
  { fault, place }: { fault: Fault; place: 'lists' | 'put' },
  cleanUp: CleanUp,
): Promise<{ course: Course; stage: EventStage }> {
  let isFaulty = true;
  let puts = 0;
  const isSlow = slowFaults.some((name) => fault.name.startsWith(name));
  const context = { ...fakeContext, accountId: fakeAccountId };
  const stage = await setEventStage(
    slo,
    {
      edasFault: ({ method, operation }) => {
        const isMet =
          place === 'put' ? method === 'PUT' && ++puts === 1 : operation === 'ListRecentChangeOrder';
        return isFaulty && isMet ? fault : undefined;
      },
    },
    isSlow ? { context: { ...context, function: { timeout: timeoutOfSilence } } } : {},
    cleanUp,
  );
  const event = stage.alert();
  const first = toldBy(await stage.events.deliver(event));
  isFaulty = false;
  const second = toldBy(await stage.anotherInstance().deliver(event));
  return { course: [first, second, stage.puts()], stage };
}

const title = ({ fault }: Row) =>
  `${fault.name}${fault.takesEffect ? ', though EDAS does what it is asked' : ''}`;

describe('whatever EDAS answers, the event comes again where that may help, and rolls back once', () => {
  // The first delivery of all loads the SDKs.
  beforeAll(async () => {
    const work: (() => Promise<void> | void)[] = [];
    await deliverTwice({ fault: faults.deniedByRam(), place: 'put' }, (each) => void work.push(each));
    for (const each of work) await each();
  });

  const rows = matrix.map((row) => ({ ...row, title: title(row) }));
  test.concurrent.for(someOf(rows, 2))('$title', async ({ fault, lists, put }, { onTestFinished }) => {
    const [ofLists, ofPut] = await Promise.all([
      deliverTwice({ fault, place: 'lists' }, onTestFinished),
      deliverTwice({ fault, place: 'put' }, onTestFinished),
    ]);
    expect([ofLists.course, ofPut.course]).toEqual([lists, put]);
    for (const { course, stage } of [ofLists, ofPut]) {
      expect(stage.edas.orders.rollbacksOf(changeOrderId)).toBeLessThanOrEqual(1);
      const [line] = stage.events.decisions();
      const thrown = course[0].endsWith('!');
      if (line?.['code'] !== undefined) expect(line['deliverAgain']).toBe(thrown);
      else expect(thrown).toBe(false);
    }
  });

  test('every fault of the stand-in is in the table', () => {
    const kinds = matrix.map(({ fault }) => fault.name.replace(/ .*/, ''));
    expect(new Set(kinds)).toEqual(new Set([...Object.keys(faults), ...Object.keys(rewordings)]));
  });
});
