import type { Texts } from './texts.ts';

export const texts: Texts = {
  robot: '@robot',
  verb: 'rollback',
  leave: 'leave',
  id: '<change order id>',
  typeThis: (usage) => ` Type: ${usage}`,
  typeOneOf: (toRollBack, toLeave) => ` Type: ${toRollBack}, or to decide against it: ${toLeave}`,
  faults: {
    help: () =>
      'This rolls one change order back. Its id is in the change records of the application in the EDAS console. Nothing else may stand in the message.',
    no_text: () => 'This is no command: it has no text.',
    too_long: () => 'This is no command: it is longer than 500 characters.',
    question: () => 'This is no command: it has a question mark, or dots.',
    quotation: () => 'This is no command: it is quoted, struck out, or code.',
    not_only_a_name: (words) =>
      `This is no command: “${words}” may be more than a name. Leave it out, or put a blank behind the name.`,
    other_words: (words) =>
      `This is no command: “${words}” stands where the verb must be. The verb comes first.`,
    id_missing: () => 'No id of a change order stands behind the verb.',
    id_malformed: (words) =>
      `“${words}” is no id of a change order. An id is a UUID: 36 characters, which are digits, letters from a to f, and four dashes.`,
    several_ids: (words) => `There is more than one id: ${words}. A command is for one change order.`,
    words_beside_id: (words) =>
      `Beside the id stands “${words}”. Other words could turn the sense of a command round, so it must hold nothing but the verb and the id.`,
  },
  headlines: {
    rolling_back: 'Rolling back',
    deferred: 'Handed to a task',
    already_terminated: 'Terminated already',
    already_rolled_back: 'Rolled back already',
    asked: 'Asked',
    approved: 'Approved, one more person is needed',
    left_alone: 'Left alone',
    dry_run: 'Dry run',
    suspended: 'Rollbacks are suspended',
  },
  changeOrder: (id) => `change order ${id}`,
  headlineOf: (headline, order, by) => `${headline}: ${order}${by === '' ? '' : `, ${by}`}. `,
  askedForBy: (asker) => `asked for by ${asker}`,
  decidedBy: (decider) => `decided by ${decider}`,
  sentenceOf: ({ message }) => message,
  notRolledBack: (order) => `Not rolled back${order === '' ? '' : `: ${order}`}. `,
  notKnownYet: (order) => `It is not known yet what became of ${order || 'the rollback'}. `,
  problem: ({ message }) => message,
  ignored: (message) => message,
  inBrackets: (code) => ` (${code})`,
};
