import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import type { Expression } from '../../../functions/select/expression.ts';
import type { EndedPolicy, RollbackPolicy } from '../../../functions/select/policy.ts';
import { describeDuration } from '../../build/duration.ts';

/** What a source may touch. */
export function describeApps({ apps }: Pick<RollbackPolicy, 'apps'>): string {
  return apps?.join(', ') ?? 'none named: every application that the role of the function reaches';
}

/** What a source does with a release that has ended. */
export function describeEnded({ ended, cluster }: RollbackPolicy): string | string[] {
  if (!ended) {
    return `no: a release that has ended is refused${cluster === 'k8s' ? ', for EDAS has no operation that rolls one back in Kubernetes' : ''}`;
  }
  const { withinMs, everyMs, version } = ended;
  return [
    `yes, if it ended at most ${describeDuration(withinMs)} ago: a task deploys the version before it (RollbackApplication), once`,
    `to ${version === undefined ? 'the version that ran before, where that is certain' : `the version in ${version.text}; without one, to the version that ran before, where that is certain`}`,
    `of ${describeScope(ended)}`,
    `not within ${describeDuration(everyMs)} of another rollback of the application`,
  ];
}

/** Whether people are asked first, and how. */
export function describeConfirm(
  { confirm }: Pick<RollbackPolicy, 'confirm'>,
  holder: Holder | undefined,
): string | string[] {
  if (!confirm) return 'no: no person is asked first';
  const { of, withinMs, by, people } = confirm;
  const when = of === 'all' ? 'each rollback' : 'a release that has ended is rolled back';
  return [
    `yes: before ${when}, people are asked in the channels of notify, and have ${describeDuration(withinMs)}`,
    placesToDecide[by],
    ...(people === 2 ? ['two different people must want it, neither of whom asked for it'] : []),
    ...(holder ? [`with ${holder} no one is asked`] : []),
  ];
}

const placesToDecide: Readonly<Record<'page' | 'chat', string>> = {
  page: 'they decide on the page that the message links to: CONFIRM_SECRET signs the link, PUBLIC_URL is its address',
  chat: 'they decide by a command in a chat whose source has allow: rollback <id>, or leave <id>',
};

/** What is rolled back at once. */
export function describeScope({ group, batches, batchWaitMinutes }: EndedPolicy): string {
  const groups = group === 'all' ? 'all groups' : `the group ${group}`;
  if (batches === 1) return `${groups}, all instances at the same time`;
  const pause = batchWaitMinutes === 0 ? '' : `, ${batchWaitMinutes} min between them`;
  return `${groups}, in ${batches} batches${pause}`;
}

/** The setting that keeps the function from rolling back. */
export type Holder = 'dryRun' | 'ROLLBACK_SUSPENDED';

/** As in functions/webhook/execute-rollback.ts. */
export function findHolder(
  { dryRun }: Pick<RollbackPolicy, 'dryRun'>,
  isSuspended: boolean,
): Holder | undefined {
  if (dryRun) return 'dryRun';
  return isSuspended ? 'ROLLBACK_SUSPENDED' : undefined;
}

/** A source whose rollbacks a task can follow. */
export interface Followed extends Pick<RollbackPolicy, 'mode' | 'follow'> {
  /** Where a chat takes the result. */
  answerAt?: Expression | undefined;
  /** Of a source of events: what comes of one is told by the log alone. */
  eventSources?: readonly string[];
}

/** Who rolls back, who follows, and which channels get messages. */
export function describeRollback(
  source: Followed,
  notify: readonly CompiledChannel[],
  holder: Holder | undefined,
): { mode: string; follow: string; notify: string | string[] } {
  if (holder) {
    return {
      mode: `${source.mode}, but ${holder} sends no rollback, and hands none over to a task`,
      follow: `no: with ${holder} there is nothing to follow`,
      notify: `no messages: with ${holder} nothing is followed`,
    };
  }
  return {
    mode: (source.eventSources ? modesOfEvents : modes)[source.mode],
    follow: source.follow ? followed : unfollowed,
    notify: describeNotify(source, notify),
  };
}

const modes: Record<RollbackPolicy['mode'], string> = {
  now: 'now: the answer comes when the rollback has begun',
  deferred: 'deferred: the answer comes at once, and a task rolls back',
};

/** An event is not answered. */
const modesOfEvents: Record<RollbackPolicy['mode'], string> = {
  now: 'now: the function itself begins the rollback',
  deferred: 'deferred: the function hands the rollback over to a task',
};

const followed = 'yes: the rollback is claimed, so that it is sent once, and a task follows it to its end';
const unfollowed = 'no: deliveries at the same moment may each send the rollback';

const languages: Record<CompiledChannel['language'], string> = { en: 'English', zh: 'Chinese' };

/** The channels that get messages. */
function describeNotify(
  { follow, answerAt }: Followed,
  notify: readonly CompiledChannel[],
): string | string[] {
  if (!follow) return 'no messages: the rollback is not followed';
  const channels = notify.map(({ kind, url, secret, language }) => {
    const signed = secret === undefined ? 'unsigned' : `signed with ${secret}`;
    return `${kind}: ${languages[language]}, to the address in ${url}, ${signed}`;
  });
  const chat = answerAt ? [`the chat that asked, at the address in its ${answerAt.text}`] : [];
  const told = [...channels, ...chat];
  return told.length > 0 ? told : 'no messages: only the log says how it ends';
}
