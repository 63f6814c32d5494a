import { edasEvent } from '../../presets/events/edas-event.ts';
import { cloudEvent } from './events.ts';

/** What an event of EDAS tells. Default: that a deployment has succeeded. */
export interface Told {
  app: string;
  changeOrderId: unknown;
  eventType?: unknown;
  reason?: unknown;
}

/** The documented event of EDAS, of a moment and of this account, about another change order. */
export function changeOrderEvent(
  now: number,
  { app, changeOrderId, eventType = 'onSuccess', reason = 'APPLICATION_CODEPLOY_SUCCESS' }: Told,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  const { source, type, data } = edasEvent.sample;
  const { event } = data;
  const { involvedObject } = event;
  const additionalProperties = { ...involvedObject.additionalProperties, changeOrderId, eventType };
  const object = { ...involvedObject, id: app, additionalProperties };
  const told = { ...data, appId: app, event: { ...event, reason, involvedObject: object } };
  return cloudEvent(now, { source, type, aliyuneventbusname: 'default', data: told, ...changes });
}
