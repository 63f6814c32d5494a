import type { RecordedCall } from '../../local/stand-ins/edas/stand-in.ts';
import type { Told, Wanted } from './race.ts';
import type { World } from './world.ts';

/** Of one order, after all is over. */
export interface Facts {
  /** How many rollbacks were sent to EDAS. */
  puts: number;
  /** How many took effect. */
  effects: number;
  /** The orders that carry them out. */
  begun: readonly string[];
  /** How many tasks were handed over that have to roll back a release that has ended. */
  releaseTasks: number;
}

export function factsOf(changeOrderId: string, { edas, fc }: Pick<World, 'edas' | 'fc'>): Facts {
  const appId = edas.orders.get(changeOrderId)?.appId ?? '';
  const orders = edas.orders.ofApplication(appId).filter(({ rollbackOf }) => rollbackOf === changeOrderId);
  const ofRelease = edas.orders.releaseRollbacksOf(appId);
  const isRollback = ({ method, operation, ...call }: RecordedCall) =>
    (method === 'PUT' && call.changeOrderId === changeOrderId) ||
    (operation === 'RollbackApplication' && call.appId === appId);
  return {
    puts: edas.calls.filter(isRollback).length,
    effects: edas.orders.rollbacksOf(changeOrderId) + ofRelease.length,
    begun: [...orders.map(({ id }) => id), ...ofRelease.map((each) => each.changeOrderId)],
    releaseTasks: fc.tasks.filter(({ taskId }) => taskId.startsWith(`ended-${changeOrderId}`)).length,
  };
}

/** What is not as wanted of one order. */
export function shortfalls(
  wanted: Wanted,
  { puts, effects, releaseTasks }: Facts,
  told: readonly Told[],
): string[] {
  const began = told.filter(({ body }) => body['outcome'] === 'rolling_back');
  const claimed = began.filter(({ body }) => body['claimed'] === true);
  const faults: string[] = [];
  const expect = (isMet: boolean, fault: string) => {
    if (!isMet) faults.push(fault);
  };
  expect(releaseTasks <= 1, `${releaseTasks} tasks were handed over for one release`);
  switch (wanted) {
    case 'once':
      expect(puts === 1, `${puts} rollbacks were sent, and not one`);
      expect(effects === 1, `${effects} rollbacks took effect, and not one`);
      break;
    case 'sent_once':
      expect(puts === 1, `${puts} rollbacks were sent, and not one`);
      break;
    case 'unclaimed':
      expect(effects > 0, 'no rollback took effect');
      expect(claimed.length === 0, 'an answer says that the rollback was claimed');
      break;
    case 'once_with_claim':
      expect(effects > 0, 'no rollback took effect');
      break;
  }
  return faults;
}

/** What was said of an order and is not true: in the answers, and in what tasks tell people. */
export function untruths(
  changeOrderId: string,
  { puts, effects, begun }: Omit<Facts, 'releaseTasks'>,
  told: readonly Told[],
  { fc, news }: Pick<World, 'fc' | 'news'>,
): string[] {
  const reported = told.flatMap(({ body }) => body['rollbackChangeOrderId'] ?? []);
  const said = told.flatMap((each) =>
    untruthsIn(
      each,
      { puts, effects, begun },
      fc.tasks.map(({ taskId }) => taskId),
    ),
  );
  const untold = news
    .filter((each) => each.changeOrderId === changeOrderId && each.event === 'not_rolled_back' && effects > 0)
    .map(() => 'people were told that it was not rolled back');
  const began = told.filter(({ body }) => body['outcome'] === 'rolling_back');
  const claimed = began.filter(({ body }) => body['claimed'] === true);
  return [
    ...said,
    ...untold,
    ...(claimed.length > 1 ? [`${claimed.length} answers say that they had the claim`] : []),
    ...(began.length > effects
      ? [`${began.length} rollbacks are said to have begun, and ${effects} have`]
      : []),
    ...(new Set(reported).size < reported.length ? ['two answers report the same rollback'] : []),
  ];
}

function untruthsIn(
  { status, body }: Told,
  { puts, effects, begun }: Omit<Facts, 'releaseTasks'>,
  taskIds: readonly string[],
): string[] {
  const { changeOrderId, outcome, code, rollbackChangeOrderId, evidence, follow, message, detail } = body;
  const text = String(message ?? detail);
  const answer = `${status} ${String(outcome ?? code)} (${text})`;
  const rules: [isBroken: boolean, fault: string][] = [
    [
      outcome === 'rolling_back' && evidence === 'reply' && !begun.includes(String(rollbackChangeOrderId)),
      'EDAS began no such rollback',
    ],
    [
      outcome === 'rolling_back' && typeof body['claimed'] !== 'boolean',
      'it does not say whether it was claimed',
    ],
    [
      outcome === 'rolling_back' && body['claimed'] === false && !text.includes('Once is not sure'),
      'it does not say that once is not sure',
    ],
    [
      follow === 'dispatched' && !taskIds.some((id) => id.startsWith(`follow-${String(changeOrderId)}`)),
      'no task follows it',
    ],
    [outcome === 'already_terminated' && effects === 0, 'the order is not terminated'],
    [outcome === 'already_rolled_back' && effects === 0, 'the release was not rolled back'],
    [outcome === 'deferred' && taskIds.length === 0, 'there is no task'],
    [code === 'edas_outcome_unknown' && puts === 0, 'nothing was sent'],
    [/nothing was rolled back/i.test(text) && effects > 0, 'a rollback took effect'],
    [ordersNamedIn(text).some((id) => !begun.includes(id)), 'it names a rollback order that there is not'],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, fault]) => `${fault}: ${answer}`);
}

function ordersNamedIn(text: string): string[] {
  return [...text.matchAll(/rollback order ([\w-]+)/g)].map(([, id = '']) => id);
}
