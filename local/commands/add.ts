import '../cli/ignore-debug.ts';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { requireOption, sharedOptions } from '../cli/options.ts';
import { paint } from '../cli/terminal.ts';
import { describeChanges, writeChanges, type Change } from '../setup/change-files.ts';
import { isByApplication } from '../signing/sample-webhook.ts';
import { planEventSource, type EventPlan } from './add/plan-event-source.ts';
import { planSource, type Plan } from './add/plan-source.ts';
import { readRecipe } from './add/recipe.ts';
import { isEventPresetName, listEventPresets, listPresets } from './explain/describe-preset.ts';
import { describeVerify } from './explain/describe-verify.ts';
import { table, type Row } from './explain/table.ts';

await runCommand({
  summary: `Adds a source: to sources.yaml, its variable to s.yaml and .env.example, and a new secret to .env. Then it says what
to set at the sender. Everything else in these files stays as it is, and no value of .env is changed. A source of events
has no secret; with the first one, s.yaml gets the function that EventBridge calls.`,
  usage: `npm run add -- NAME --preset P [--app ID]… [--kms NAME] [--when EXPR] [--allow EXPR] [--no-follow] [--dry-run]
               [--source S] [--type T] [--folder DIR]`,
  takesWords: true,
  options: {
    preset: { type: 'string', value: 'P', help: 'the sender; the presets stand below' },
    app: {
      type: 'string',
      value: 'ID',
      multiple: true,
      default: [],
      help: 'an application that the source may touch; may be given several times. Some presets need it',
    },
    kms: { type: 'string', value: 'NAME', help: 'the secret is in KMS, under this name, and in no variable' },
    when: {
      type: 'string',
      value: 'EXPR',
      help: "JMESPath: other webhooks or events are ignored   (the preset's)",
    },
    allow: { type: 'string', value: 'EXPR', help: 'JMESPath: other senders are refused' },
    source: {
      type: 'string',
      value: 'S',
      help: 'of events: which `source` they have, where the preset does not say',
    },
    type: {
      type: 'string',
      value: 'T',
      help: 'of events: which `type` they have; a * at the end takes all that begin so',
    },
    follow: { type: 'boolean', help: 'claim each rollback and follow it to its end; this is the default' },
    'no-follow': { type: 'boolean', default: false, help: 'do not: once is then not sure' },
    'dry-run': { type: 'boolean', default: false, help: 'show what would be written, and write nothing' },
    folder: sharedOptions.folder,
  },
  notes: `NAME is the path of the source: POST /NAME. Its secret is in SECRET_NAME. A source of events has neither. What cannot work
is refused, and then nothing is written.

The presets:

${listPresets()}

The presets of events, which EventBridge delivers and which need --app:

${listEventPresets()}`,
  run: (values, _help, words) => {
    const [name, ...more] = words;
    if (name === undefined)
      throw new CliError('NAME is missing: npm run add -- NAME --preset P. See --help.');
    if (more.length > 0) throw new CliError(`One source at a time: what is ${more.join(' ')}? See --help.`);
    if (values.follow === true && values['no-follow'])
      throw new CliError('Give --follow or --no-follow, not both.');
    const preset = requireOption('--preset P', values.preset);
    const { kms, when, allow, app: apps, source, type } = values;
    const folder = path.resolve(values.folder);
    const follow = !values['no-follow'];
    if (isEventPresetName(preset)) {
      requireNone(
        preset,
        { kms, allow },
        'Events have no secret and no sender: RAM says who may call the function.',
      );
      const plan = planEventSource({ name, preset, source, type, apps, when, follow }, folder);
      if (isWritten(plan.changes, values['dry-run']))
        describeEventSource(plan, preset, { when, source, type });
      return;
    }
    requireNone(preset, { source, type }, 'They are for a preset of events.');
    const plan = planSource(
      { name, preset, apps, kms, when, allow, follow },
      { folder, shell: process.env, random: randomBytes },
    );
    if (!isWritten(plan.changes, values['dry-run'])) return;
    console.log(table(describeWritten(plan)));
    printSender(plan, preset, keysGiven({ when, allow }));
    printNext(plan.source);
  },
});

/** @throws CliError where an option is given that this preset has no use for */
function requireNone(preset: string, options: Record<string, string | undefined>, why: string): void {
  const [option] = keysGiven(options);
  if (option === undefined) return;
  throw new CliError(`--${option} is not for ${preset}. ${why} Nothing was written.`);
}

function keysGiven(options: Record<string, string | undefined>): string[] {
  return Object.entries(options).flatMap(([key, text]) => (text === undefined ? [] : [key]));
}

/** Shows the changes, or makes them. */
function isWritten(changes: readonly Change[], isDry: boolean): boolean {
  if (!isDry) {
    writeChanges(changes);
    return true;
  }
  for (const line of describeChanges(changes)) console.log(line);
  console.log('\nNothing was written.');
  return false;
}

function describeWritten({ changes, source, secret }: Plan): Row[] {
  const [item = ''] = source.secrets;
  const what: Record<string, string> = {
    'sources.yaml': `the source ${source.name}`,
    's.yaml': item,
    '.env.example': item,
    '.env': secret === 'made' ? `${item}, with a new secret` : `${item}, without a value`,
  };
  return changedFiles(changes, what);
}

function changedFiles(changes: readonly Change[], what: Record<string, string>): Row[] {
  return changes
    .toReversed()
    .filter(({ before, after }) => before !== after)
    .map(({ file }) => [`+ ${path.basename(file)}`, what[path.basename(file)] ?? '']);
}

function describeEventSource(plan: EventPlan, name: string, given: Record<string, string | undefined>): void {
  const { source, preset, changes } = plan;
  const what = {
    'sources.yaml': `the source ${source.name}, under events`,
    's.yaml': 'what the function events needs',
    '.env.example': 'the variables of this function',
    '.env': 'these variables: each may stay empty',
  };
  console.log(table(changedFiles(changes, what)));
  heading(`At the sender: ${preset.sender}`);
  console.log(
    table([
      ['source', source.eventSources.join(', ')],
      ['type', source.eventTypes.join(', ')],
      ['secret', 'none: RAM says who may call the function'],
      ...(preset.isConfirmed
        ? []
        : [
            [
              'not confirmed',
              'no page of the sender shows a whole event: set LOG_EVENTS=true, and look at the first one in the log',
            ] as const,
          ]),
    ]),
  );
  printRecipe(name, source.name, keysGiven(given));
  printNextOfEvents(plan);
}

function printNextOfEvents({ source, triggerPattern, hasOtherTrigger, rulePattern }: EventPlan): void {
  heading('Next');
  for (const line of [
    'Create the queue for events that fail to the end, if it is not there yet: policy/README.md#events',
    ...(triggerPattern === undefined ? [] : [describeTrigger(triggerPattern, hasOtherTrigger)]),
    ...(rulePattern === undefined
      ? []
      : [
          `For events on a bus of your own, make a rule there with the function as its target: docs/sources.md#a-bus-of-your-own. Its pattern is ${rulePattern}`,
        ]),
    `npm run explain -- --source ${source.name} --event FILE   # what it makes of an event that you have`,
    'npm run doctor -- --offline   # whether all is there',
    'npm run deploy',
  ]) {
    console.log(`  ${line}`);
  }
}

function describeTrigger(pattern: string, isOther: boolean): string {
  return isOther
    ? `Let the trigger of the function events in s.yaml pass these events, too; if it is a comment, take the # away. Its pattern for them alone is ${pattern}`
    : `The trigger in s.yaml lets the events of the bus default pass: ${pattern}. npm run deploy makes its rule.`;
}

function printSender({ source, preset, secret }: Plan, name: string, given: readonly string[]): void {
  heading(`At the sender: ${preset.sender}`);
  console.log(
    table([
      ['address', `https://…/${source.name}, with the URL that npm run deploy prints`],
      ['must carry', describeVerify(source.verify)],
      ['secret', describeSecret(source, secret)],
    ]),
  );
  printRecipe(name, source.name, given);
}

/** @param given keys that the new source has */
function printRecipe(name: string, source: string, given: readonly string[]): void {
  const recipe = readRecipe(name, source, given);
  if (!recipe) return;
  heading(`The recipe (docs/sources.md#${name})`);
  for (const line of recipe.sender) console.log(line);
  if (recipe.keys.length === 0) return;
  heading('Its source in the recipe has more; take over what fits you, in sources.yaml');
  for (const line of recipe.keys) console.log(`    ${line}`);
}

function describeSecret({ secrets: [item = ''] }: CompiledSource, secret: Plan['secret']): string {
  switch (secret) {
    case 'made':
      return `the value of ${item}. To see it: grep '^${item}=' .env`;
    case 'there':
      return `the value of ${item}, which was there before`;
    case "sender's":
      return `the sender makes it: put it into .env, as ${item}`;
    case 'kms':
      return `${item}: docs/operations.md#a-secret-in-kms says how to store it, and policy/README.md how the functions may read it`;
  }
}

function printNext(source: CompiledSource): void {
  const { name, secrets, verify } = source;
  const isLink = verify.scheme === 'link';
  const [app = 'APPLICATION-ID'] = source.apps ?? [];
  const target = isByApplication(source) ? `--app ${app}` : '--change-order CHANGE-ORDER-ID';
  const inEnv = secrets.some((item) => nameInKms(item) === undefined);
  heading('Next');
  for (const line of [
    `npm run explain -- --source ${name} --payload FILE   # what it makes of a payload that you have`,
    ...(isLink
      ? []
      : [`npm run send -- --source ${name} ${target}   # to the sandbox, while npm start runs`]),
    `npm run doctor -- --offline   # whether all is there${inEnv ? ', the secret too' : ''}`,
    'npm run deploy',
  ]) {
    console.log(`  ${line}`);
  }
  if (!isLink) return;
  console.log(
    `  (set -a; . ./.env; set +a; npm run -s link -- --source ${name} --app ${app} --expires 90d --url https://…)`,
  );
}

function heading(title: string): void {
  console.log(`\n${paint('bold', title)}`);
}
