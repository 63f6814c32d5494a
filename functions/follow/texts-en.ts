import { describeStatus } from '../edas/status.ts';
import { toIso } from '../lib/time.ts';
import { terminatedAdvice } from '../rollback/outcome.ts';
import type { Texts } from './texts.ts';

const openThePage =
  'open the page: it shows what would be done, and two buttons. Without a decision in time, nothing is rolled back.';

export const textsInEnglish: Texts = {
  headlines: {
    started: 'Started: the EDAS rollback is under way.',
    waiting: 'Waiting: the EDAS rollback stands still until a person confirms the next batch.',
    waiting_itself: 'Waiting: the change order of the EDAS rollback stands still until a person acts.',
    failing_itself: 'Trouble: a part of the change order of the EDAS rollback has failed; it runs on.',
    failing: 'Trouble: a part of the EDAS rollback has failed; it runs on.',
    succeeded: 'Succeeded: the EDAS rollback is complete; the change is rolled back.',
    succeeded_presumably: 'Probably succeeded: the order that looks like the EDAS rollback is complete.',
    partly_succeeded: 'Incomplete: the EDAS rollback has succeeded only in part.',
    failed: 'Failed: the EDAS rollback has failed.',
    terminated: 'Terminated: the EDAS rollback was stopped before its end.',
    terminated_itself:
      'Terminated: the change has ended, by the EDAS rollback or because a person stopped it.',
    already_terminated: 'Terminated: the change had ended before, so no EDAS rollback was sent.',
    not_rolled_back: 'Trouble: the EDAS rollback was not done.',
    outcome_unknown: 'Unknown: it is not known yet whether the EDAS rollback has begun.',
    unreadable: 'Trouble: this function does not follow the EDAS rollback, for its order cannot be read.',
    out_of_time: 'Unfinished: the EDAS rollback has not ended, and this function has stopped following it.',
    out_of_sight: 'Unknown: the time is up, and it could not be seen whether the EDAS rollback has ended.',
    already_rolled_back:
      'Nothing to do: the version of the release runs nowhere any more, so no EDAS rollback was sent.',
    started_release:
      'Started: the EDAS rollback of a release that had ended is under way; it deploys an earlier version.',
    succeeded_release:
      'Succeeded: the EDAS rollback has ended; all instances are healthy and run the earlier version.',
    succeeded_unhealthy: 'Trouble: the EDAS rollback has ended, but not all instances are healthy.',
    succeeded_elsewhere:
      'Trouble: the EDAS rollback has ended, but not all instances run the earlier version.',
    succeeded_unseen:
      'Probably succeeded: the EDAS rollback has ended, but what the instances run now could not be seen.',
    not_rolled_back_release: 'Trouble: the EDAS rollback of a release that had ended was not done.',
    not_rolled_back_decided: 'Trouble: the EDAS rollback that a person decided was not done.',
    outcome_unknown_release:
      'Unknown: it is not known yet whether the EDAS rollback of a release that had ended has begun.',
    asked:
      'Decide: shall the EDAS rollback stop this change and go back? Nothing is sent until a person says so.',
    asked_release:
      'Decide: shall the EDAS rollback deploy an earlier version? Nothing is sent until a person says so.',
    approved: 'Approved: 1 of 2 people wants the EDAS rollback; nothing is sent until another one does.',
    left_alone: 'Left alone: a person decided against the EDAS rollback, so nothing was sent.',
    not_decided: 'Not decided: the time to decide about the EDAS rollback is over; nothing was sent.',
    not_decided_over:
      'Nothing to decide: the change has ended meanwhile, so people are not asked about its EDAS rollback any more.',
    not_decided_unasked:
      'Trouble: people could not be asked about the EDAS rollback in time; nothing was sent.',
    not_decided_unseen:
      'Unknown: the time to decide about the EDAS rollback is over, and it could not be seen whether a person decided.',
    task_refused: 'Trouble: the task of an EDAS rollback cannot be read, so nothing was done.',
  },
  next: {
    started: undefined,
    waiting: 'confirm the next batch in the EDAS console.',
    waiting_itself:
      'it is not known whether the release waits or its rollback: compare the versions in the EDAS console before you confirm a batch.',
    failing_itself:
      'it is not known whether the release failed there or its rollback: look at it in the EDAS console.',
    failing: 'look at what failed in the EDAS console.',
    succeeded: undefined,
    succeeded_presumably:
      'EDAS does not say for certain that the change is rolled back: check the versions in the EDAS console.',
    partly_succeeded:
      'instances may run different versions; look at what failed in the EDAS console, and roll back or deploy again.',
    failed:
      'instances may run different versions; look at what failed in the EDAS console, and roll back or deploy again.',
    terminated:
      'instances may run different versions; check the versions in the EDAS console, and roll back or deploy again.',
    terminated_itself: terminatedAdvice,
    already_terminated: terminatedAdvice,
    not_rolled_back:
      'Function Compute may try again, so look at the change in the EDAS console before you act. Once nothing more comes: ask for the rollback again when the reason is gone, or roll back in the EDAS console.',
    outcome_unknown:
      'look in the EDAS console whether the rollback is running, before you start another one.',
    unreadable: 'follow the rollback in the EDAS console.',
    out_of_time: 'follow the rollback in the EDAS console until it ends.',
    out_of_sight: 'look in the EDAS console how far the rollback has come.',
    already_rolled_back: undefined,
    started_release: undefined,
    succeeded_release: 'check whether the problem is gone.',
    succeeded_unhealthy: 'look at the instances in the EDAS console.',
    succeeded_elsewhere:
      'check in the EDAS console which version each instance runs, and roll back or deploy there.',
    succeeded_unseen:
      'check in the EDAS console whether all instances are healthy and run the earlier version.',
    not_rolled_back_release:
      'Function Compute may try again, so look at the application in the EDAS console before you act. Once nothing more comes, roll back in the EDAS console: this function sends at most one rollback for a release, and asking for it again does not change that.',
    not_rolled_back_decided:
      'open the link again and press the button once more, or type the command again; or roll back in the EDAS console.',
    outcome_unknown_release:
      'check in the EDAS console whether a change is running and which version the instances run, before you roll back there. This function does not send the rollback again.',
    asked: openThePage,
    asked_release: openThePage,
    approved: undefined,
    left_alone:
      'people are not asked about this change order again. If it has to be rolled back after all, open the link again while its time lasts, or do it in the EDAS console.',
    not_decided:
      'if it still has to be rolled back, ask for the rollback again, and people are asked again; or roll back in the EDAS console.',
    not_decided_over:
      'look in the EDAS console which version the instances run. If the release is bad, roll back there.',
    not_decided_unasked:
      'ask for the rollback again, and people are asked again; or roll back in the EDAS console.',
    not_decided_unseen: 'look in the EDAS console whether the rollback is running, before you start one.',
    task_refused: 'look in the EDAS console whether a change has to be rolled back, and do it there.',
  },
  notUndone:
    'Configuration and database changes are not undone: check whether the older version works with them.',
  labels: {
    app: 'Application',
    change: 'Change',
    version: 'Version',
    groups: 'Groups',
    rollback: 'Rollback order',
    status: 'Status',
    batches: 'Batches',
    instances: 'Instances',
    failed: 'Failed',
    alert: 'Alert',
    since: 'Problem since',
    until: 'Decide until',
    people: 'People',
    took: 'Time since the request',
    by: 'Asked for by',
    decidedBy: 'Decided by',
    page: 'Page',
    why: 'Why',
    next: 'Next',
  },
  colon: ': ',
  comma: ', ',
  space: ' ',
  changeOrder: (id) => `change order ${id}`,
  inBrackets: (text) => ` (${text})`,
  status: describeStatus,
  versions: (from, to) => `from ${from} back to ${to}`,
  healthy: (count, total) => `${count} of ${total} healthy`,
  onVersion: (count, total, version) => `${count} of ${total} run ${version}`,
  versionUnseen: 'EDAS does not show which version they run',
  batches: (done, total) => `${done} of ${total} done`,
  duration: (hours, minutes, seconds) => {
    if (hours > 0) return `${hours} h ${minutes} min ${seconds} s`;
    return minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`;
  },
  source: (name) => `source ${name}`,
  delivery: (id) => `delivery ${id}`,
  more: (count) => `${count} more`,
  versionsToChoose: (from, candidates) => `from ${from} back to one that you choose: ${candidates}`,
  time: (epochMs) => `${toIso(epochMs).slice(0, 16).replace('T', ' ')} UTC`,
  until: (time, minutes) => {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    return `${time} (in ${hours > 0 ? `${hours} h ${rest} min` : `${rest} min`})`;
  },
  twoPeople: 'two different people have to want it, and neither may be the one who asked for it',
  typeInChat: (id) =>
    `in a chat that takes rollback commands, type rollback ${id} or leave ${id}. Without a decision in time, nothing is rolled back.`,
  oneMoreTypes: (id) =>
    `one more person, who did not ask for it, has to type rollback ${id} before the time is over. To stop it, type leave ${id}.`,
  claimedName: (name) => `${name} (name typed into the page, not checked)`,
  noName: 'a person on the page, who gave no name',
  openPage: 'Open the page and decide',
};
