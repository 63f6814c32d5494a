import { changeOrderStatus, phaseOf } from '../edas/status.ts';
import type { ErrorCode } from '../errors.ts';
import { onOneLine } from '../lib/text-for-people.ts';
import type { Language } from '../lib/language.ts';
import type { Notification, RollbackEventName, Undecided } from './rollback-event.ts';
import { textsInEnglish } from './texts-en.ts';
import { textsInChinese } from './texts-zh.ts';
import type { Texts, Topic } from './texts.ts';

export const textsOf: Record<Language, Texts> = { en: textsInEnglish, zh: textsInChinese };

/** Characters. More is not read at three in the morning. */
const longestMessage = 1500;

/** How many characters of each text from outside a message may have, and how many failures and groups: the first that fits. */
const drafts = [
  { length: 300, failures: 5 },
  { length: 150, failures: 3 },
  { length: 75, failures: 2 },
  { length: 30, failures: 1 },
  { length: 15, failures: 1 },
] as const;
type Draft = (typeof drafts)[number];

/** Ids are useless when cut, and no longer than this. */
const idLength = 64;

/**
 * A message for people, plain text of some lines: what happened, to what, why, and what to do next. Texts from outside
 * stay on their line; each channel escapes what would mention people there.
 *
 * The link of a question is not in it: each channel has its own way to show that.
 *
 * @param longestBytes of UTF-8, where a channel takes less than a message may be long
 * @param escape which makes the message longer, and is counted
 */
export function messageFor(
  notification: Notification,
  language: Language,
  longestBytes = Infinity,
  escape = (text: string) => text,
): string {
  const texts = textsOf[language];
  const fits = (text: string) =>
    text.length <= longestMessage && Buffer.byteLength(escape(text)) <= longestBytes;
  const messages = drafts.map((draft) => write(notification, texts, draft));
  return messages.find(fits) ?? messages.at(-1) ?? '';
}

function write(notification: Notification, texts: Texts, draft: Draft): string {
  const { labels } = texts;
  const topic = topicOf(notification);
  const line = lineOf(texts);
  const lines = [
    texts.headlines[topic],
    ...line(labels.app, describeApp(notification, texts, draft)),
    ...line(labels.change, describeChange(notification, texts, draft)),
    ...line(labels.version, describeVersions(notification, texts, draft)),
    ...line(labels.groups, describeGroups(notification, texts, draft)),
    ...line(labels.rollback, tidy(notification.rollbackChangeOrderId, idLength)),
    ...line(labels.status, notification.status === undefined ? undefined : texts.status(notification.status)),
    ...line(
      labels.batches,
      notification.batches && texts.batches(notification.batches.done, notification.batches.total),
    ),
    ...line(labels.instances, describeInstances(notification, texts, draft)),
    ...describeFailures(notification, texts, draft).flatMap((failure) => line(labels.failed, failure)),
    ...line(labels.why, describeProblem(notification, texts, draft)),
    ...describeQuestion(notification, texts, draft),
    ...line(labels.took, describeDuration(notification, texts)),
    ...line(labels.by, describeAsker(notification, texts, draft)),
    ...line(labels.decidedBy, describeDecider(notification, texts, draft)),
    ...line(labels.next, describeNext(notification, texts, topic)),
    // The page has it, too: of two addresses, a person who is half asleep takes the wrong one.
    ...(notification.question?.link === undefined ? [notification.consoleUrl] : []),
  ];
  return lines.join('\n');
}

/** No line where there is nothing to say. */
function lineOf({ colon }: Texts): (label: string, text: string | undefined) => string[] {
  return (label, text) => (text ? [`${label}${colon}${text}`] : []);
}

/** What a person has to know to decide, beside the change itself. */
function describeQuestion({ question }: Notification, texts: Texts, { length }: Draft): string[] {
  if (!question) return [];
  const { summary, problemStartedAt, expiresAt, leftMs, people } = question;
  const { labels, time } = texts;
  const line = lineOf(texts);
  return [
    ...line(labels.alert, tidy(summary, 2 * length)),
    ...line(labels.since, problemStartedAt === undefined ? undefined : time(problemStartedAt)),
    ...line(labels.until, texts.until(time(expiresAt), Math.max(1, Math.round(leftMs / 60_000)))),
    ...line(labels.people, people === 2 ? texts.twoPeople : undefined),
  ];
}

function topicOf(notification: Notification): Topic {
  const { event, rollbackChangeOrderId, isPresumed, status, changeStatus, problem } = notification;
  const isOfChange = rollbackChangeOrderId === undefined;
  switch (event) {
    case 'waiting':
    case 'failing':
    case 'terminated':
      return isOfChange ? `${event}_itself` : event;
    case 'not_rolled_back':
      if (notification.decidedBy && problem?.code === 'task_not_taken') return 'not_rolled_back_decided';
      return isOfEndedRelease(notification) ? `${event}_release` : event;
    case 'started':
    case 'outcome_unknown':
    case 'asked':
      return isOfEndedRelease(notification) ? `${event}_release` : event;
    case 'not_decided':
      return undecidedTopics[notification.undecided ?? 'time_over'];
    case 'succeeded': {
      if (isOfEndedRelease(notification)) return topicOfRelease(notification);
      const showsRollback = changeStatus === undefined || phaseOf(changeStatus) === 'terminated';
      return isPresumed === true || !showsRollback ? 'succeeded_presumably' : event;
    }
    case 'out_of_time':
      return status === undefined || problem ? 'out_of_sight' : event;
    default:
      return event;
  }
}

const undecidedTopics: Record<Undecided, Topic> = {
  time_over: 'not_decided',
  change_over: 'not_decided_over',
  never_asked: 'not_decided_unasked',
  unseen: 'not_decided_unseen',
};

/** Refused before its versions were known, it can be told by the operation alone. */
function isOfEndedRelease({ operation, release }: Notification): boolean {
  return operation === 'RollbackApplication' || release !== undefined;
}

/** The release itself stays as it ended. What the instances run is surer than which order did it. */
function topicOfRelease({ isPresumed, instances }: Notification): Topic {
  const { total = 0, healthy = 0, onVersion } = instances ?? {};
  if (onVersion !== undefined && onVersion < total) return 'succeeded_elsewhere';
  if (healthy < total) return 'succeeded_unhealthy';
  if (onVersion !== undefined && total > 0) return 'succeeded_release';
  return isPresumed === true ? 'succeeded_presumably' : 'succeeded_unseen';
}

function describeNext(notification: Notification, texts: Texts, topic: Topic): string | undefined {
  const { event, question, changeOrderId = '' } = notification;
  if (question?.by === 'chat') return texts.typeInChat(changeOrderId);
  if (event === 'approved') return texts.oneMoreTypes(changeOrderId);
  const isWaiting = isReleaseWaiting(notification) && !isAboutDecision(event);
  const next = texts.next[isWaiting ? 'waiting_itself' : topic];
  const isDeployed = event === 'succeeded' || event === 'partly_succeeded';
  return next && isDeployed && isOfEndedRelease(notification) ? next + texts.space + texts.notUndone : next;
}

/** Whatever else happened, who reads that status confirms the next batch; and that may be one of the bad release. */
function isReleaseWaiting({ status, rollbackChangeOrderId }: Notification): boolean {
  return status === changeOrderStatus.awaitingConfirmation && rollbackChangeOrderId === undefined;
}

/** The order is then that of the change for certain, and what people have to do is another thing. */
function isAboutDecision(event: RollbackEventName): boolean {
  return event === 'asked' || event === 'not_decided';
}

function describeApp({ app }: Notification, texts: Texts, { length }: Draft): string | undefined {
  const id = tidy(app?.id, idLength);
  const name = tidy(app?.name, length);
  return name && id ? name + texts.inBrackets(id) : (name ?? id);
}

function describeChange(notification: Notification, texts: Texts, { length }: Draft): string {
  const id = tidy(notification.changeOrderId, idLength);
  const status =
    notification.changeStatus === undefined ? undefined : texts.status(notification.changeStatus);
  return list(texts, [tidy(notification.description, length), id && texts.changeOrder(id), status]);
}

function describeVersions(
  { release, question }: Notification,
  texts: Texts,
  { length, failures }: Draft,
): string | undefined {
  const { fromVersion, toVersion } = release ?? question?.choice ?? {};
  const from = tidy(fromVersion, length);
  const to = tidy(toVersion, length);
  if (from && to) return texts.versions(from, to);
  const candidates = question?.choice?.candidates ?? [];
  const more = candidates.length - failures;
  const shown = candidates.slice(0, failures).map((version) => tidy(version, length));
  const choice = list(texts, [...shown, more > 0 ? texts.more(more) : undefined]);
  return from && choice && texts.versionsToChoose(from, choice);
}

function describeGroups({ release }: Notification, texts: Texts, draft: Draft): string | undefined {
  const groups = release?.groups ?? [];
  const more = groups.length - draft.failures;
  const shown = groups.slice(0, draft.failures).map((id) => tidy(id, idLength));
  return list(texts, [...shown, more > 0 ? texts.more(more) : undefined]);
}

function describeInstances(
  { instances, release }: Notification,
  texts: Texts,
  { length }: Draft,
): string | undefined {
  if (!instances || instances.total === 0) return undefined;
  const { total, healthy, onVersion } = instances;
  const version = tidy(release?.toVersion, length);
  return list(texts, [
    texts.healthy(healthy, total),
    onVersion === undefined ? texts.versionUnseen : version && texts.onVersion(onVersion, total, version),
  ]);
}

function describeFailures({ failures }: Notification, texts: Texts, draft: Draft): string[] {
  const shown = failures.slice(0, draft.failures).map(({ place, reason }) => {
    const parts = [tidy(place, draft.length), tidy(reason, draft.length)];
    return parts.filter((part) => part !== undefined).join(texts.colon);
  });
  const more = failures.length - shown.length;
  return more > 0 ? [...shown, texts.more(more)] : shown;
}

/** It is written for people, and says at its end what to do: so it may be longer. */
function describeProblem({ problem }: Notification, texts: Texts, { length }: Draft): string | undefined {
  const message = tidy(problem?.message, 2 * length);
  const code: ErrorCode | undefined = problem?.code;
  return message && code ? message + texts.inBrackets(code) : (message ?? code);
}

function describeDuration({ tookMs, question }: Notification, texts: Texts): string | undefined {
  // People who are asked read how much time there is, and not how much has passed.
  if (question) return undefined;
  // The time of day can be put back between the webhook and now.
  if (tookMs === undefined || tookMs < 0) return undefined;
  const seconds = Math.round(tookMs / 1000);
  return texts.duration(Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60);
}

function describeAsker({ actor, source, delivery }: Notification, texts: Texts, { length }: Draft): string {
  const sourceName = tidy(source, length);
  const deliveryId = tidy(delivery, length);
  return list(texts, [
    tidy(actor, length),
    sourceName && texts.source(sourceName),
    deliveryId && texts.delivery(deliveryId),
  ]);
}

/** A name that was typed into the page is only claimed: a message must not make more of it. */
function describeDecider({ decidedBy }: Notification, texts: Texts, { length }: Draft): string | undefined {
  if (!decidedBy) return undefined;
  const name = tidy(decidedBy.name, length);
  if (!decidedBy.isProved) return name ? texts.claimedName(name) : texts.noName;
  const source = tidy(decidedBy.source, length);
  return source ? `${name ?? ''}${texts.inBrackets(texts.source(source))}`.trim() : name;
}

function list({ comma }: Texts, parts: (string | undefined)[]): string {
  return parts.filter((part) => part).join(comma);
}

/** Text from outside on one line; undefined where nothing of it can be seen. */
function tidy(text: string | undefined, length: number): string | undefined {
  const line = onOneLine(text ?? '', length);
  return line === '' ? undefined : line;
}
