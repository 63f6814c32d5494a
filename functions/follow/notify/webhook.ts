import { createHash, createHmac } from 'node:crypto';
import type { Language } from '../../lib/language.ts';
import { toIso } from '../../lib/time.ts';
import { decodeWhsec } from '../../lib/whsec.ts';
import { messageFor } from '../message.ts';
import type { Notification } from '../rollback-event.ts';
import { jsonRequest, judgeStatus, type ChannelProtocol } from './channel.ts';
import { pageLinkOf } from './page-link.ts';

/**
 * A receiver of one's own: JSON, signed as Standard Webhooks says.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const webhook: ChannelProtocol = {
  readKey: decodeWhsec,
  requestFor: (notification, { url, key, language }, now) => {
    const id = idOf(notification);
    const timestamp = String(Math.floor(now / 1000));
    const request = jsonRequest(url, {
      type: `rollback.${notification.event}`,
      timestamp: toIso(now),
      data: { ...dataOf(notification), text: textOf(notification, language) },
    });
    const headers = { ...request.headers, 'webhook-id': id, 'webhook-timestamp': timestamp };
    if (!key) return { ...request, headers };
    const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${request.body}`).digest('base64');
    return { ...request, headers: { ...headers, 'webhook-signature': `v1,${digest}` } };
  },
  judge: (answer) => judgeStatus(answer) ?? { accepted: true },
};

/** What people are asked stands beside what else is known, with its times as this channel writes them. */
function dataOf({ question, ...known }: Notification): object {
  if (!question) return known;
  const { expiresAt, problemStartedAt } = question;
  const since = problemStartedAt === undefined ? {} : { problemStartedAt: toIso(problemStartedAt) };
  return { ...known, ...question, leftMs: undefined, ...since, expiresAt: toIso(expiresAt) };
}

function textOf(notification: Notification, language: Language): string {
  const message = messageFor(notification, language);
  const page = pageLinkOf(notification, language);
  return page ? `${message}\n${page.label}: ${page.url}` : message;
}

/**
 * One id for one thing that happened, so that a receiver can drop what a retried task sends again. Waiting for a person
 * happens once for each batch; something can fail, or be refused, again and for another reason.
 */
function idOf(notification: Notification): string {
  const { event, changeOrderId, rollbackChangeOrderId, requestId, batches, failures, problem, ask } =
    notification;
  const what = [
    changeOrderId ?? requestId,
    rollbackChangeOrderId,
    event,
    event === 'waiting' ? batches?.done : undefined,
    event === 'failing' ? failures : undefined,
    problem,
    ask,
  ];
  const digest = createHash('sha256').update(JSON.stringify(what)).digest('hex');
  return `rollback_${event}_${digest.slice(0, 32)}`;
}
