import '../cli/ignore-debug.ts';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { requireOption, sharedOptions } from '../cli/options.ts';
import { paint } from '../cli/terminal.ts';
import { describeChanges, writeChanges } from '../setup/change-files.ts';
import { isByApplication } from '../signing/sample-webhook.ts';
import { planSource, type Plan } from './add/plan-source.ts';
import { readRecipe } from './add/recipe.ts';
import { listPresets } from './explain/describe-preset.ts';
import { describeVerify } from './explain/describe-verify.ts';
import { table, type Row } from './explain/table.ts';

await runCommand({
  summary: `Adds a source: to sources.yaml, its variable to s.yaml and .env.example, and a new secret to .env. Then it says what
to set at the sender. Everything else in these files stays as it is, and no value of .env is changed.`,
  usage: `npm run add -- NAME --preset P [--app ID]… [--kms NAME] [--when EXPR] [--allow EXPR] [--no-follow] [--dry-run]
               [--folder DIR]`,
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
    when: { type: 'string', value: 'EXPR', help: "JMESPath: other webhooks are ignored   (the preset's)" },
    allow: { type: 'string', value: 'EXPR', help: 'JMESPath: other senders are refused' },
    follow: { type: 'boolean', help: 'claim each rollback and follow it to its end; this is the default' },
    'no-follow': { type: 'boolean', default: false, help: 'do not: once is then not sure' },
    'dry-run': { type: 'boolean', default: false, help: 'show what would be written, and write nothing' },
    folder: sharedOptions.folder,
  },
  notes: `NAME is the path of the source: POST /NAME. Its secret is in SECRET_NAME. What cannot work is refused, and then nothing is
written.

The presets:

${listPresets()}`,
  run: (values, _help, words) => {
    const [name, ...more] = words;
    if (name === undefined)
      throw new CliError('NAME is missing: npm run add -- NAME --preset P. See --help.');
    if (more.length > 0) throw new CliError(`One source at a time: what is ${more.join(' ')}? See --help.`);
    if (values.follow === true && values['no-follow'])
      throw new CliError('Give --follow or --no-follow, not both.');
    const preset = requireOption('--preset P', values.preset);
    const { kms, when, allow, app: apps } = values;
    const folder = path.resolve(values.folder);
    const plan = planSource(
      { name, preset, apps, kms, when, allow, follow: !values['no-follow'] },
      { folder, shell: process.env, random: randomBytes },
    );
    if (values['dry-run']) {
      for (const line of describeChanges(plan.changes)) console.log(line);
      console.log('\nNothing was written.');
      return;
    }
    writeChanges(plan.changes);
    console.log(table(describeWritten(plan)));
    const given = Object.entries({ when, allow }).flatMap(([key, text]) => (text === undefined ? [] : [key]));
    printSender(plan, preset, given);
    printNext(plan.source);
  },
});

function describeWritten({ changes, source, secret }: Plan): Row[] {
  const [item = ''] = source.secrets;
  const what: Record<string, string> = {
    'sources.yaml': `the source ${source.name}`,
    's.yaml': item,
    '.env.example': item,
    '.env': secret === 'made' ? `${item}, with a new secret` : `${item}, without a value`,
  };
  return changes
    .toReversed()
    .filter(({ before, after }) => before !== after)
    .map(({ file }) => [`+ ${path.basename(file)}`, what[path.basename(file)] ?? '']);
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
  const recipe = readRecipe(name, source.name, given);
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
