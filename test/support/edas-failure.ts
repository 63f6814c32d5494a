import { EdasFailure, type EdasFailureKind } from '../../functions/edas/failure.ts';

/** All that a failed call can mean. */
export const failureKinds = [
  'not_sent',
  'unauthenticated',
  'denied',
  'throttled',
  'not_found',
  'rejected',
  'doubt',
] as const satisfies EdasFailureKind[];

/** A failed call, with EDAS's ids of it. */
export function failed(kind: EdasFailureKind): EdasFailure {
  return new EdasFailure(kind, `A fake failure: ${kind}.`, {
    requestId: 'FAKE-REQUEST-ID',
    traceId: 'fake-trace-id',
  });
}

/** What a webhook is refused with where a call of EDAS fails that it depends on. */
export const refusals = [
  ['not_sent', 'edas_unavailable'],
  ['denied', 'edas_denied'],
  ['unauthenticated', 'edas_denied'],
  ['throttled', 'edas_throttled'],
  ['not_found', 'change_order_not_found'],
  ['rejected', 'edas_rejected'],
  ['doubt', 'edas_unavailable'],
] as const;
