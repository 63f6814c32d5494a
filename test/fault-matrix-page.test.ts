import { beforeAll, describe, expect, test } from 'vitest';
import * as faults from '../local/stand-ins/edas/faults.ts';
import type { Fault } from '../local/stand-ins/edas/faults.ts';
import * as rewordings from '../local/stand-ins/edas/rewordings.ts';
import * as fcFaults from '../local/stand-ins/fc/faults.ts';
import type { Fault as FcFault } from '../local/stand-ins/fc/faults.ts';
import {
  ask,
  decisionsIn,
  get,
  post,
  saidBy,
  shownIn,
  type Said,
} from './functions/webhook/confirm/people.ts';
import { peopleEnv, peopleNotify } from './functions/webhook/people-cases.ts';
import {
  app,
  changeOrderId,
  order,
  setStage,
  type CleanUp,
  type Stage,
  type StageOptions,
} from './functions/webhook/stage.ts';
import { someOf } from './support/runs.ts';
import { fakeAccountId, fakeContext, type Answer } from './support/webhook.ts';

// What a click on "Roll back" meets, and the page before and after it. `test/fault-matrix.test.ts` is the same for a webhook.

const sources = `
sources:
  now: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all }
  deferred: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, mode: deferred }
  ended: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], confirm: ended, ended: { within: 30m } }
${peopleNotify}`;

type SourceName = 'now' | 'deferred' | 'ended';

/** Seconds that the function may run where a fault is silence, so that the test does not take so long. */
const timeoutOfSilence = 6;

/** What is wrong: it is switched on when people have been asked, and off later. */
interface Plan extends Pick<StageOptions, 'edasFault' | 'fcFault'> {
  source: SourceName;
  isSlow?: boolean;
  /** Fewer clicks, where it is about what they read. */
  isBrief?: boolean;
}

/**
 * A person clicks, looks, clicks again on the same page and on one that was loaded again; and so again once all is well,
 * and minutes later. Each page must be true.
 */
async function click(
  { source, isSlow = false, isBrief = false, ...faulty }: Plan,
  cleanUp: CleanUp,
): Promise<Stage> {
  let isFaulty = false;
  const context = { ...fakeContext, accountId: fakeAccountId, function: { timeout: timeoutOfSilence } };
  const stage = await setStage(
    {
      sources,
      env: peopleEnv,
      history: source === 'ended' ? twoReleases : releaseInFlight,
      ...(isSlow && { context }),
      edasFault: (call) => (isFaulty ? faulty.edasFault?.(call) : undefined),
      fcFault: (call) => (isFaulty ? faulty.fcFault?.(call) : undefined),
    },
    cleanUp,
  );
  const path = await ask(stage, source, source === 'ended' ? { app } : order);
  const shown = shownIn(await get(stage, path));
  const note = (page: Answer) => {
    expectTruth(stage, page);
    return page;
  };
  const press = async (what: string) => {
    const fields = {
      decision: 'roll_back',
      shown: what,
      ...(source === 'ended' && { version: 'one' }),
    } as const;
    note(await post(stage, path, fields));
  };
  const look = async () => {
    const page = note(await get(stage, path));
    expect(page.status).toBe(200);
    expect(saidBy(page)).not.toBe('problem');
    return page;
  };
  isFaulty = true;
  await press(shown);
  const page = await look();
  await press(isBrief ? shownIn(page) : shown);
  isFaulty = false;
  for (const pauseMs of isBrief ? [11_000] : [0, 11_000, 300_000]) {
    await stage.clock.sleep(pauseMs);
    if (!isBrief) await press(shown);
    await press(shownIn(await look()));
  }
  await look();
  return stage;
}

const release = '22222222-3333-4444-8555-000000000002';

const releaseInFlight: NonNullable<StageOptions['history']> = (orders, now) => {
  orders.add({ id: changeOrderId, appId: app, createdAt: now - 60_000, readyMs: 0, batchMs: 600_000 });
};

const twoReleases: NonNullable<StageOptions['history']> = (orders, now) => {
  const plan = { appId: app, readyMs: 0, batchMs: 10_000 };
  orders.add({ ...plan, version: 'one', createdAt: now - 180 * 60_000 });
  orders.add({ ...plan, id: release, version: 'two', createdAt: now - 10 * 60_000 });
};

function effectsOf({ edas }: Stage): number {
  return edas.orders.rollbacksOf(changeOrderId);
}

/** What a page says is what EDAS and Function Compute hold, and so is the line of the audit trail. */
function expectTruth(stage: Stage, page: Answer): void {
  const { edas, puts, webhook, tasks } = stage;
  const effects = effectsOf(stage);
  expect(effects, 'rollbacks').toBeLessThanOrEqual(1);
  const rollback = edas.orders.ofApplication(app).find(({ rollbackOf }) => rollbackOf === changeOrderId);
  const isHandedOver = tasks().some(({ rollback: task }) => ['due', 'ended', 'claimed'].includes(task));
  const isDecidedJustNow = tasks().some(
    (task) => task.rollback === 'decided' && stage.clock.now() - task.decidedAt < 10_000,
  );
  const said = page.status === 303 ? undefined : saidBy(page);
  const isTrue: Partial<Record<Said, () => boolean>> = {
    'rolled back': () => rollback?.status === 2,
    // Whether the request of a person who decided a moment ago has failed, only that person can know.
    moving: () =>
      effects === 1 || isHandedOver || ((page.status === 200 || page.status === 409) && isDecidedJustNow),
    'in doubt': () => puts() > 0,
    unknown: () => puts() > 0,
    'already over': () => edas.orders.get(changeOrderId)?.status === 6,
    // While EDAS is hidden, the page cannot know. A fault on the page is another matter, and is said.
    open: () => effects === 0,
    'not well': () => false,
    left: () => false,
    partly: () => false,
    failed: () => false,
    stopped: () => false,
    suspended: () => false,
  };
  if (said) expect(isTrue[said]?.() ?? true, `the page says: ${said}`).toBe(true);
  const decision = webhook.decisions().at(-1) ?? {};
  if (decision['outcome'] === 'rolling_back') expect(effects).toBe(1);
  if (decision['outcome'] === 'deferred') expect(isHandedOver).toBe(true);
  if (decision['outcome'] === 'left_alone') expect(decisionsIn(tasks()).at(-1)).toBe('leave');
  expect([200, 303, 401, 403, 404, 409, 500, 502, 503, 504]).toContain(page.status);
  expect(/nothing was rolled back|rolled nothing back/i.test(page.text) && effects > 0).toBe(false);
}

const done = { takesEffect: true };
/** How it must end. `once`: sent once. `unsent`: nothing had an effect, and nothing more is sent. `again`: it was refused, and a later click does it. */
type End = 'once' | 'no effect' | 'again';

const slowFaults = ['silent', 'delayed', 'slowByteByByte', 'switchingProtocols', 'trickling'];
const isSlow = ({ name }: { name: string }) => slowFaults.includes(name);

const doubt = (fault: Fault): [Fault, End] => [fault, fault.takesEffect ? 'once' : 'no effect'];
const refusal = (fault: Fault): [Fault, End] => [fault, 'again'];
const truth = (fault: Fault): [Fault, End] => [fault, 'once'];

const matrix: [Fault, End][] = [
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
    faults.codeMissing(),
    faults.codeMissing(done),
    faults.errorCodeBeside200(),
    faults.errorCodeBeside200(done),
    faults.anyAnswer({ status: 202, body: '{"Code":200}' }),
    faults.truncatedJson(),
    faults.cutInHalf(),
    faults.oversized(),
    faults.wrongContentType({ type: 'text/html' }),
    faults.xmlAnswer(),
    faults.xmlAnswer(done),
    faults.xmlError(),
    faults.redirect(),
    faults.serviceUnavailable(),
    faults.serviceUnavailable(done),
    faults.gatewayError('InternalError'),
    faults.gatewayError('InternalError', done),
    rewordings.emptyOrderId(),
    rewordings.bareSuccess(),
  ].map(doubt),
  ...[
    faults.businessErrorUnder200(),
    faults.businessErrorUnder200({ code: 403 }),
    faults.edasErrorcodeUnder500(),
    faults.gatewayError('System.Upgrading'),
    faults.gatewayError('InvalidChangeOrder.NotFound'),
    faults.gatewayError('InvalidAccessKeyId.NotFound'),
    faults.deniedByRam(),
    faults.signatureMismatch(),
  ].map(refusal),
  // Each is sent again, as nothing was done; and where the time is over it is not known what became of the last.
  ...[faults.throttled(), faults.throttled({ status: 429 })].map((fault): [Fault, End] => [
    fault,
    'no effect',
  ]),
  ...[
    rewordings.codeAsText(),
    rewordings.numbersAsText(),
    rewordings.capitalChangeOrderInfo(),
    rewordings.oddStatus(5),
    rewordings.withoutField('RequestId'),
  ].map(truth),
];

/** Says of a release that has ended that it moves: then it is taken for a change in flight, as for a webhook. */
const movesAgain = ({ name }: Fault) => name.startsWith('oddStatus');

const title = ({ name, takesEffect }: { name: string; takesEffect: boolean }) =>
  `${name}${takesEffect ? ', though what is asked is done' : ''}`;

/** The first request of all loads both SDKs. */
beforeAll(async () => {
  const work: (() => Promise<void> | void)[] = [];
  await click({ source: 'now', isBrief: true }, (each) => void work.push(each));
  for (const each of work) await each();
}, 60_000);

describe('whatever EDAS answers, clicks are one rollback and each page is true:', () => {
  const rows = matrix.map(([fault, end]) => ({ fault, end, title: title(fault) }));

  test.concurrent.for(rows)(
    'the rollback meets $title',
    { timeout: 90_000 },
    async ({ fault, end }, { onTestFinished }) => {
      const edasFault: StageOptions['edasFault'] = ({ method }) => (method === 'PUT' ? fault : undefined);
      const stage = await click({ source: 'now', edasFault, isSlow: isSlow(fault) }, onTestFinished);
      expect(effectsOf(stage)).toBe(end === 'no effect' ? 0 : 1);
      if (end !== 'again' && !fault.name.startsWith('throttled')) expect(stage.puts()).toBe(1);
      expect(decisionsIn(stage.tasks())).toEqual(['roll_back']);
    },
  );

  // Whether a read takes effect makes no difference.
  const onReads = rows.filter(
    ({ fault }, index) => index === rows.findIndex((row) => row.fault.name === fault.name),
  );
  test.concurrent.for(someOf(onReads, 3))(
    'every read meets $title',
    { timeout: 90_000 },
    async ({ fault }, { onTestFinished }) => {
      const edasFault: StageOptions['edasFault'] = ({ method }) => (method === 'PUT' ? undefined : fault);
      const stage = await click(
        { source: 'now', edasFault, isSlow: isSlow(fault), isBrief: true },
        onTestFinished,
      );
      expect(effectsOf(stage)).toBe(1);
      expect(stage.puts()).toBe(1);
    },
  );

  const quick = onReads.filter(({ fault }) => !isSlow(fault) && !movesAgain(fault));
  test.concurrent.for(someOf(quick, 3, 1))(
    'every read of a release that has ended meets $title',
    { timeout: 90_000 },
    async ({ fault }, { onTestFinished }) => {
      const stage = await click({ source: 'ended', edasFault: () => fault, isBrief: true }, onTestFinished);
      expect(stage.tasks().filter(({ rollback }) => rollback === 'ended')).toHaveLength(1);
      expect([stage.releaseCalls(), stage.puts()]).toEqual([0, 0]);
    },
  );

  test('every fault of the stand-in is in the table', () => {
    const kinds = matrix.map(([fault]) => fault.name.replace(/ .*/, ''));
    expect(new Set(kinds)).toEqual(new Set([...Object.keys(faults), ...Object.keys(rewordings)]));
  });
});

const fcMatrix: FcFault[] = [
  fcFaults.silent(),
  fcFaults.silent(done),
  fcFaults.delayed({ byMs: 30_000 }),
  fcFaults.trickling(done),
  fcFaults.switchingProtocols(),
  fcFaults.closed(),
  fcFaults.closed(done),
  fcFaults.reset(),
  fcFaults.reset(done),
  fcFaults.denied(),
  fcFaults.notFound(),
  fcFaults.throttled(),
  fcFaults.internalError(),
  fcFaults.internalError(done),
  fcFaults.alreadyExists(),
  fcFaults.alreadyExists(done),
  fcFaults.htmlPage(),
  fcFaults.htmlPage(done),
  fcFaults.oversized(done),
];

/** Where Function Compute meets the fault: where a task is handed over whose id begins so, or where one is read. */
const places: { source: SourceName; at: string }[] = [
  { source: 'now', at: 'decide-' },
  { source: 'now', at: 'rollback-' },
  { source: 'now', at: 'follow-' },
  { source: 'now', at: 'reads' },
  { source: 'now', at: 'every call' },
  { source: 'deferred', at: 'rollback-' },
  { source: 'ended', at: 'decide-' },
  { source: 'ended', at: 'ended-' },
  { source: 'ended', at: 'reads' },
];

/** A claim that Function Compute says another has is left to that one, as for a webhook. */
function placesFor(fault: FcFault): typeof places {
  if (fault.name.startsWith('alreadyExists')) return places.filter(({ at }) => at === 'decide-');
  return isSlow(fault) ? places.slice(0, 2) : places;
}

describe('whatever Function Compute answers, clicks are one rollback and each page is true:', () => {
  const rows = fcMatrix.map((fault, index) => ({ fault, index, title: title(fault) }));

  test.concurrent.for(rows)('$title', { timeout: 120_000 }, async ({ fault, index }, { onTestFinished }) => {
    for (const { source, at } of someOf(placesFor(fault), 3, index)) {
      const isMet = (operation: string | undefined, taskId = '') =>
        at === 'every call' || (operation === 'InvokeFunction' ? taskId.startsWith(at) : at === 'reads');
      const stage = await click(
        {
          source,
          fcFault: ({ operation, taskId }) => (isMet(operation, taskId) ? fault : undefined),
          isSlow: isSlow(fault),
          isBrief: true,
        },
        onTestFinished,
      );
      const handedOver = stage.tasks().filter(({ rollback }) => rollback === 'due' || rollback === 'ended');
      const seen = { source, at, puts: stage.puts(), handedOver: handedOver.length };
      if (source === 'now') expect(seen).toEqual({ source, at, puts: 1, handedOver: 0 });
      if (source === 'ended') expect(seen).toEqual({ source, at, puts: 0, handedOver: 1 });
      if (source === 'deferred') expect(seen.puts + seen.handedOver, JSON.stringify(seen)).toBeGreaterThan(0);
      expect(effectsOf(stage)).toBe(stage.puts());
    }
  });

  test('every fault of the stand-in is in the table', () => {
    const kinds = fcMatrix.map(({ name }) => name.replace(/ .*/, ''));
    expect(new Set(kinds)).toEqual(new Set(Object.keys(fcFaults)));
  });
});
