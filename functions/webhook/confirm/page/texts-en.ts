import { changeOrderStatus } from '../../../edas/status.ts';
import { html } from './html.ts';
import type { DateAndTime, Texts } from './texts.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dateOf = ({ day, month }: DateAndTime) => `${day} ${months[month - 1] ?? ''}`;

const mayDiffer =
  'Instances may run different versions. Look in the EDAS console at what failed, and roll back or deploy there.';

export const textsInEnglish: Texts = {
  tag: 'en',
  product: 'EDAS rollback',
  theApplication: 'the application',
  labels: {
    app: 'Application',
    change: 'Change order',
    description: 'Description',
    status: 'Status',
    rollback: 'Rollback order',
    began: 'Began',
    batches: 'Batches',
    instances: 'Instances',
    alert: 'What the alert says',
    now: 'The release now',
    progress: 'The rollback now',
    effect: 'What “Roll back” does',
    decision: 'Who decided',
    details: 'Details',
    actor: 'Asked for by',
    source: 'Source',
    problem: 'Why',
    console: 'Open the EDAS console',
  },
  open: {
    stop_change: { heading: (app) => html`Roll back ${app}?` },
    roll_back_release: { heading: (app) => html`Roll back ${app}?` },
    brake: { heading: (app) => html`EDAS cannot be read. Roll back ${app} all the same?` },
  },
  until: (time, left) =>
    left === undefined ? html`Decide until ${time}.` : html`Decide until ${time} (${left} left).`,
  since: (time, ago) => (ago === undefined ? html`Since ${time}.` : html`Since ${time}, ${ago} ago.`),
  noSummary: 'The alert has no text.',
  stops: (version, batches) => {
    const reached =
      batches === undefined ? '' : `, which has reached ${batches.done} of ${batches.total} batches,`;
    return version === undefined
      ? html`Stops this change${reached} and goes back to what ran before.`
      : html`Stops the release of version ${version}${reached} and goes back to what ran before.`;
  },
  deploys: (from, to) =>
    to === undefined
      ? html`Deploys the version that you choose in the place of version ${from}, on all instances, batch by
        batch.`
      : html`Deploys version ${to} in the place of version ${from}, on all instances, batch by batch.`,
  brake: 'EDAS cannot be read now. The button asks EDAS to roll this change order back all the same.',
  notUndone: 'Configuration and database changes are not undone.',
  chooseVersion: 'Version to go back to',
  sureVersion: 'ran before',
  noVersionIsSure: 'It is not certain which version ran before. Choose one.',
  noVersion: 'There is no version here to go back to. Roll back in the EDAS console.',
  name: 'Your name (not required)',
  nameHint: 'It is shown to others. It is not checked.',
  rollBack: 'Roll back',
  rollBackAgain: 'Roll back: try again',
  leave: 'Leave it as it is',
  moving: {
    in_doubt: {
      heading: (app) => html`Rollback of ${app}: sent, not seen yet`,
      sentence:
        'The rollback was sent, and EDAS does not show yet whether it has begun. Do not start another one.',
    },
    handed_over: {
      heading: (app) => html`Rolling back ${app}`,
      sentence: 'It was decided to roll back, and EDAS does not show the rollback yet.',
    },
    waiting: {
      heading: (app) => html`Rollback of ${app}: it waits for a person`,
      sentence: 'The rollback stands still until a person confirms the next batch in the EDAS console.',
    },
    unseen: {
      heading: (app) => html`Rolling back ${app}`,
      sentence:
        'The rollback has begun, and its change order cannot be read now. Look in the EDAS console how far it is.',
    },
    under_way: {
      heading: (app) => html`Rolling back ${app}`,
      sentence: 'The rollback is under way. There is nothing to do now.',
    },
  },
  over: {
    rolled_back: {
      heading: (app) => html`Rolled back: ${app}`,
      sentence: 'The rollback is complete. Check whether the problem is gone.',
    },
    unhealthy: {
      heading: (app) => html`Rolled back, and not well: ${app}`,
      sentence:
        'The rollback is complete, but not all instances are healthy. Look at the instances in the EDAS console.',
    },
    partly: {
      heading: (app) => html`Rolled back only in part: ${app}`,
      sentence: mayDiffer,
    },
    failed: {
      heading: (app) => html`The rollback failed: ${app}`,
      sentence: mayDiffer,
    },
    terminated: {
      heading: (app) => html`The rollback was stopped: ${app}`,
      sentence: mayDiffer,
    },
    already_over: {
      heading: (app) => html`Already over: ${app}`,
      sentence:
        'The change was rolled back or stopped, and EDAS does not show by which order. If it was only stopped, the instances that it had reached keep its version: check the versions in the EDAS console.',
    },
    unknown: {
      heading: (app) => html`Not known: the rollback of ${app}`,
      sentence:
        'The rollback was sent, and it cannot be seen what came of it. Look in the EDAS console before you start another one.',
    },
  },
  closed: {
    expired: {
      heading: (app) => html`Too late to decide: ${app}`,
      sentence:
        'The time to decide is over, so this page does nothing. If people were asked again, open the newest message. To roll back, use the EDAS console.',
    },
    left_alone: {
      heading: (app) => html`Left as it is: ${app}`,
      sentence:
        'The time to decide is over, and people are not asked about this change again. To roll it back after all, use the EDAS console.',
    },
    suspended: {
      heading: (app) => html`Rollbacks are suspended: ${app}`,
      sentence:
        'ROLLBACK_SUSPENDED is on, so this page does nothing. Use the EDAS console, or open this page again once it is off.',
    },
    dry_run: {
      heading: (app) => html`Only a dry run: ${app}`,
      sentence:
        'This source only tries out what it would do (dryRun), so this page does nothing. To roll back, use the EDAS console.',
    },
    refused: {
      heading: (app) => html`Cannot be rolled back here: ${app}`,
      sentence:
        'A rule stands against it, so this page does nothing. To roll back all the same, use the EDAS console.',
    },
    unreadable: {
      heading: (app) => html`It cannot be seen now how it stands with ${app}`,
      sentence:
        'What the rules need cannot be read, so this page does nothing yet. It looks again. If it is urgent, use the EDAS console.',
    },
    in_chat: {
      heading: (app) => html`Decided in the chat: ${app}`,
      sentence: 'This is not decided here. Go to the chat, and type the command that its message names.',
    },
  },
  decided: (decision, name = html`A person without a name`, time) => {
    const what = decision === 'roll_back' ? 'to roll back' : 'to leave it as it is';
    return html`${name} decided ${what}${time && html` (${time})`}.`;
  },
  nameIsProved: 'The chat proves who it was.',
  nameIsClaimed: 'The name was typed into this page and is not checked.',
  canStill: 'You can still roll back.',
  notBegun:
    'EDAS does not show that it has begun. The button tries again; it is rolled back once, not twice.',
  changed: 'Something has changed since you opened the page. Nothing was done. This is how it is now.',
  notDone: 'That did not work.',
  batches: (done, total) => `${done} of ${total} done`,
  healthy: (count, total) => `${count} of ${total} healthy`,
  onVersion: (count, total, version) =>
    version === undefined
      ? html`${count} of ${total} run a version without a name`
      : html`${count} of ${total} run ${version}`,
  status: {
    [changeOrderStatus.ready]: 'ready to begin',
    [changeOrderStatus.running]: 'running',
    [changeOrderStatus.succeeded]: 'succeeded',
    [changeOrderStatus.failed]: 'failed',
    [changeOrderStatus.terminated]: 'terminated',
    [changeOrderStatus.partlySucceeded]: 'succeeded in part',
    [changeOrderStatus.awaitingConfirmation]: 'waits for a person to confirm the next batch',
    [changeOrderStatus.awaitingNextBatch]: 'waits for the next batch',
    [changeOrderStatus.systemException]: 'failed with a system exception',
  },
  otherStatus: (status) => `${status}, which EDAS does not document`,
  notReadable: 'EDAS cannot be read now',
  asOf: (time) => html`As of ${time}.`,
  updatesItself: 'This page updates itself.',
  offline: 'No connection. What you see is from {time}.',
  sending: 'Sending …',
  time: (utc, china) =>
    `${dateOf(utc)}, ${utc.time} UTC (${utc.day === china.day ? '' : `${dateOf(china)}, `}${china.time} in China)`,
  duration: (days, hours, minutes) => {
    if (days > 0) return `${days} d ${hours} h`;
    return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
  },
  problems: {
    link_malformed: {
      heading: 'This link does not work',
      sentence:
        'It is not complete, or it was changed. Open it from the message again, or use the EDAS console.',
    },
    link_expired: {
      heading: 'This link is too old',
      sentence: 'It no longer shows anything. What happened is in the EDAS console.',
    },
    method_not_allowed: {
      heading: 'This page cannot be used in this way',
      sentence: 'Open the link from the message again.',
    },
    edas_outcome_unknown: {
      heading: 'It is not known whether the rollback has begun',
      sentence: 'Open this page again in a minute, or look in the EDAS console before you start another one.',
    },
  },
  otherProblem: {
    heading: 'The page cannot be shown now',
    sentence: 'Open it again in a minute. If it is urgent, use the EDAS console.',
  },
};
