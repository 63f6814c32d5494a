import '../cli/ignore-debug.ts';
import type { CompiledChannel } from '../../functions/follow/configuration.ts';
import { showUnseen } from '../../functions/lib/text-for-people.ts';
import { isSuspended } from '../../functions/platform/settings.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { loadSources } from '../../functions/webhook/source/load-sources.ts';
import type { LinkGrant } from '../../functions/webhook/verify/link.ts';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { readAccount, readId, readPayloadFile, requireOption, sharedOptions } from '../cli/options.ts';
import { paint } from '../cli/terminal.ts';
import { contentTypeOf } from '../signing/sample-webhook.ts';
import { compileConfigurationFile } from '../build/write-bundle.ts';
import { appOfLink, readEventSource, readSource } from '../signing/sender.ts';
import { describePreset, listEventPresets, listPresets } from './explain/describe-preset.ts';
import { describeEventSource, describeSource, readOwnSettings } from './explain/describe-source.ts';
import { explainEvent } from './explain/explain-event.ts';
import { explainWebhook, type ExplainedWebhook, type Explanation } from './explain/explain-webhook.ts';
import { table } from './explain/table.ts';

await runCommand({
  summary: `Says what the function makes of a webhook or an event, rule by rule, without calling EDAS and without a secret; or
what a source or a preset does.`,
  usage: `npm run explain -- --preset NAME
npm run explain -- --source NAME [--sources FILE]
npm run explain -- --source NAME --payload FILE [--content-type T] [--app ID] [--sources FILE]
npm run explain -- --event FILE [--source NAME] [--account ID] [--sources FILE]`,
  options: {
    preset: { type: 'string', value: 'NAME', help: 'all that a preset of sources.yaml brings' },
    source: sharedOptions.source,
    payload: sharedOptions.payload,
    event: {
      type: 'string',
      value: 'FILE',
      help: `an event as EventBridge delivers it, one CloudEvent; - reads it from standard input. All sources under events
are looked at; with --source only that one`,
    },
    'content-type': sharedOptions['content-type'],
    app: sharedOptions.app,
    account: {
      type: 'string',
      value: 'ID',
      help: 'the account of the events function. Without it, whether the event is of that account is not known',
    },
    sources: sharedOptions.sources,
  },
  notes: `Where ROLLBACK_SUSPENDED is set in the environment, it says what the function does while it is suspended.
It ends with status 0 where the webhook or the event would be acted on or ignored, and with 1 where it would be refused.

The presets:

${listPresets()}

And those of events, which EventBridge passes on:

${listEventPresets()}`,
  run: async (values, help) => {
    const { preset, source: name, payload, event } = values;
    if (preset === undefined && name === undefined && payload === undefined && event === undefined) {
      console.log(help);
      return;
    }
    if (preset !== undefined) {
      if (name !== undefined || payload !== undefined || event !== undefined)
        throw new CliError('Give either --preset or --source, not both.');
      console.log(describePreset(preset));
      return;
    }
    if (event !== undefined) {
      if (payload !== undefined) throw new CliError('Give either --payload or --event, not both.');
      await explainEventFile(event, name, values);
      return;
    }
    if (values.account !== undefined) throw new CliError('--account is for events: use --event FILE.');
    const asked = requireOption('--source NAME', name);
    if (payload === undefined && describeIfOfEvents(values.sources, asked)) return;
    const { source, notify } = readSource(values.sources, asked);
    if (payload === undefined) {
      const own = readOwnSettings(values.sources, source.name);
      console.log(describeSource(source, notify, own, isSuspended(process.env)));
      return;
    }
    const grant = readGrant(source, readId('--app', values.app));
    const body = await readPayloadFile(payload);
    const contentType = values['content-type'] ?? contentTypeOf(body, source);
    await explain(source, notify, {
      body,
      contentType,
      grant,
      now: Date.now(),
      isSuspended: isSuspended(process.env),
    });
  },
});

async function explain(
  compiled: CompiledSource,
  notify: readonly CompiledChannel[],
  webhook: ExplainedWebhook,
): Promise<void> {
  const source = loadSources([compiled], process.env, () => undefined).get(compiled.name);
  if (!source) throw new Error(`the source ${compiled.name} was not opened`);
  print(await explainWebhook(source, notify, webhook));
}

/** What a source of events does. @returns whether it is one */
function describeIfOfEvents(file: string, name: string): boolean {
  const { events, notify } = compileConfigurationFile(file);
  const source = events.find((each) => each.name === name);
  if (!source) return false;
  const own = readOwnSettings(file, name, 'events');
  console.log(describeEventSource(source, notify, own, isSuspended(process.env)));
  return true;
}

async function explainEventFile(
  file: string,
  name: string | undefined,
  options: { sources: string; account?: string | undefined },
): Promise<void> {
  const accountId = readAccount(options.account);
  const { events, notify } = compileConfigurationFile(options.sources);
  if (events.length === 0) throw new CliError('There is nothing under events in this sources.yaml.');
  const sources = name === undefined ? events : [readEventSource(options.sources, name).source];
  const payload = await readPayloadFile(file);
  const surroundings = { now: Date.now(), isSuspended: isSuspended(process.env) };
  print(await explainEvent(sources, notify, { ...surroundings, payload, accountId }));
}

function print({ rows, verdict, isRefused }: Explanation): void {
  console.log(`${table(rows)}\n\n${paint(isRefused ? 'red' : 'green', showUnseen(verdict))}`);
  if (isRefused) process.exitCode = 1;
}

function readGrant(source: CompiledSource, app: string | undefined): LinkGrant | undefined {
  if (source.verify.scheme === 'link') return { app: appOfLink(source, app), expiresAtSeconds: 0 };
  if (app === undefined) return undefined;
  throw new CliError(`--app is for links, and the source ${source.name} is not called by one.`);
}
