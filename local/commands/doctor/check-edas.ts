import type { EdasClient, RollbackOperation } from '../../../functions/edas/client.ts';
import { EdasFailure } from '../../../functions/edas/failure.ts';
import { right, skipped, unknown, wrong, type Finding, type Remark } from './finding.ts';

/**
 * The id of no change order: RFC 9562 keeps the nil UUID for "none", and EDAS's own, in every example, are random ones,
 * in which the thirteenth digit is a 4. So that it can never be rolled back, it is asked about first, and a rollback is
 * sent only where EDAS showed no order under it.
 * https://www.rfc-editor.org/rfc/rfc9562#name-nil-uuid
 */
export const impossibleOrder = '00000000-0000-0000-0000-000000000000';

const longestWaitMs = 10_000;

/** Which right a call needs, in words and in RAM's. */
const rights = {
  read: { may: 'read change orders', action: 'edas:ReadApplication' },
  rollback: { may: 'roll back', action: 'edas:ManageApplication' },
} as const;

/**
 * Whether these credentials may read change orders, and roll them back: asked with an order that cannot exist.
 *
 * @param operation the rollback that the sources use
 */
export async function* checkEdas(edas: EdasClient, operation: RollbackOperation): AsyncGenerator<Remark> {
  yield { asking: 'EDAS, for an order that cannot exist' };
  const read = await failureOf(edas.getChangeOrderInfo(impossibleOrder, longestWaitMs));
  yield read ? judge(read, 'read') : right('you may read change orders: EDAS gave one');
  if (!read) {
    yield unknown(
      'whether you may roll back: EDAS shows an order under an id that cannot exist, so no rollback was sent',
      'Please report this. It is asked for 00000000-0000-0000-0000-000000000000.',
    );
    return;
  }
  if (!showsNoOrder(read)) {
    yield skipped('whether you may roll back: asked only where EDAS has said that it knows no such order');
    return;
  }
  yield { asking: 'EDAS, to roll back an order that cannot exist' };
  const rollback = await failureOf(edas.rollBack(operation, impossibleOrder, longestWaitMs));
  yield rollback
    ? judge(rollback, 'rollback')
    : wrong(
        'EDAS accepted the rollback of an order that cannot exist',
        'Please report this to Alibaba Cloud and here.',
      );
}

async function failureOf(call: Promise<unknown>): Promise<EdasFailure | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof EdasFailure) return error;
    throw error;
  }
}

/**
 * EDAS's own business errors come after its gateway has let the call through: 601, and Edas.errorcode.*. Other refusals,
 * such as 404 for a path, may be the gateway's.
 */
function isFromEdasItself({ kind, code = '' }: EdasFailure): boolean {
  return kind === 'not_found' || (kind === 'rejected' && /^(601|Edas\.errorcode\..+)$/i.test(code));
}

function showsNoOrder(failure: EdasFailure): boolean {
  return isFromEdasItself(failure);
}

/** What a failure says about the right. An order that exists nowhere is the only one that may be tried here. */
function judge(failure: EdasFailure, right: keyof typeof rights): Finding {
  const { may, action } = rights[right];
  const said = failure.message.replace(/\.$/, '');
  switch (failure.kind) {
    case 'not_found':
    case 'rejected':
      return isFromEdasItself(failure) ? allowed(failure, may) : unclear(may, said);
    case 'denied':
      return unknown(
        `whether you may ${may}: EDAS denied it for an order that cannot exist (${said})`,
        `Either ${action} is missing, or it is limited to applications, and this order is in none: then it is all right. Compare policy/edas-rollback-policy.json. With --url, the function tells what its role may.`,
      );
    case 'unauthenticated':
      return wrong(
        `EDAS does not accept these credentials (${said})`,
        'Do they belong to this site of Alibaba Cloud, and is the key active? aliyun sts GetCallerIdentity tries them.',
      );
    case 'throttled':
      return unknown(`whether you may ${may}: EDAS is throttling`, 'Run the doctor again in a minute.');
    case 'not_sent':
    case 'doubt':
      return unknown(`whether you may ${may}: ${said}`, 'Run the doctor again.');
  }
}

function allowed({ code }: EdasFailure, may: string): Finding {
  const answer = code === undefined ? '' : ` (${code})`;
  return right(
    `you may ${may}, as far as this can be seen: EDAS accepted the call, and knows no such order${answer}. It is not documented whether it checks the right first`,
  );
}

function unclear(may: string, said: string): Finding {
  return unknown(
    `whether you may ${may}: ${said}`,
    'This answer is neither "denied" nor "no such order". Is EDAS_ENDPOINT, where it is set, the address of EDAS?',
  );
}
