import { toRecord } from '../../../functions/lib/json.ts';
import { sendAnswer } from '../answers.ts';
import type { Fault } from './faults.ts';

// Faults that a client must bear: the true answer, whole and at once, but not in the words that EDAS documents. An answer
// that has nothing to reword is left as it is.

/** The true answer, its `Code` written as text. As much a success as with a number. */
export function codeAsText(): Fault {
  return reworded('codeAsText', (body) => ({ ...body, Code: String(body['Code']) }));
}

/** The true answer without what it is about: no `Data` of a rollback, no change order, no list. */
export function bareSuccess(): Fault {
  return reworded('bareSuccess', ({ Code, Message, RequestId }) => ({ Code, Message, RequestId }));
}

/** The true answer with the capital `ChangeOrderInfo` of Apsara Stack. */
export function capitalChangeOrderInfo(): Fault {
  return reworded('capitalChangeOrderInfo', ({ changeOrderInfo: ChangeOrderInfo, ...body }) => ({
    ...body,
    ChangeOrderInfo,
  }));
}

/** The true answer, but for an empty id where the order that carries a rollback out should be named. */
export function emptyOrderId(): Fault {
  return reworded('emptyOrderId', (body) => ({
    ...body,
    ...('ChangeOrderId' in body && { ChangeOrderId: '' }),
    ...('Data' in body && { Data: { ...toRecord(body['Data']), ChangeOrderId: '' } }),
  }));
}

/** The true answer without the fields of these names, wherever they stand. */
export function withoutField(...names: readonly string[]): Fault {
  const without = (key: string, value: unknown) => (names.includes(key) ? undefined : value);
  return reworded(`withoutField (${names.join(', ')})`, (body) =>
    toRecord(JSON.parse(JSON.stringify(body, without))),
  );
}

/** The true answer, with every number written as text. */
export function numbersAsText(): Fault {
  const asText = (_key: string, value: unknown) => (typeof value === 'number' ? String(value) : value);
  return reworded('numbersAsText', (body) => toRecord(JSON.parse(JSON.stringify(body, asText))));
}

/**
 * The true answer about one order or a list of them, but for the `Status`: left out, the true one written as text, or
 * another number, such as 4, 5 and 11, which are not documented.
 */
export function oddStatus(shown: 'missing' | 'text' | number): Fault {
  const withOddStatus = (order: unknown) => {
    const { Status: status, ...rest } = toRecord(order);
    if (shown === 'missing') return rest;
    return { ...rest, Status: shown === 'text' ? String(status) : shown };
  };
  return reworded(`oddStatus (${shown})`, (body) => mapOrders(body, withOddStatus));
}

/** The true answer, whole and at once, in other words. */
function reworded(name: string, reword: (body: Record<string, unknown>) => Record<string, unknown>): Fault {
  return {
    name,
    takesEffect: true,
    damage: (response, { status, json }) => {
      const body = toRecord(JSON.parse(json));
      sendAnswer(response, { status, json: JSON.stringify(reword(body)) });
    },
  };
}

function mapOrders(body: Record<string, unknown>, change: (order: unknown) => unknown) {
  const { changeOrderInfo: order, ChangeOrderList: list } = body;
  const { ChangeOrder: orders } = toRecord(list);
  return {
    ...body,
    ...(order !== undefined && { changeOrderInfo: change(order) }),
    ...(Array.isArray(orders) && { ChangeOrderList: { ChangeOrder: orders.map(change) } }),
  };
}
