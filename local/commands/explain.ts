import '../cli/ignore-debug.ts';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { CompiledChannel } from '../../functions/follow/configuration.ts';
import { isSuspended } from '../../functions/platform/settings.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { loadSources } from '../../functions/webhook/source/load-sources.ts';
import type { LinkGrant } from '../../functions/webhook/verify/link.ts';
import { root } from '../build/bundle.ts';
import { CliError, runCli } from '../cli/cli.ts';
import { paint } from '../cli/terminal.ts';
import { contentTypeOf } from '../signing/sample-webhook.ts';
import { appOfLink, readId, readPayloadFile, readSource } from '../signing/sender.ts';
import { describePreset, listPresets } from './explain/describe-preset.ts';
import { explainWebhook, type ExplainedWebhook } from './explain/explain-webhook.ts';
import { table } from './explain/table.ts';

const help = `Says what the function makes of a webhook, rule by rule, without calling EDAS and without a secret; or what a
preset does.

  npm run explain -- --preset NAME
  npm run explain -- --source NAME --payload FILE [--content-type T] [--app ID] [--sources FILE]

  --preset NAME     all that a preset of sources.yaml brings
  --source NAME     the source that gets the payload
  --payload FILE    the body as the sender posts it; - reads it from standard input
  --content-type T  under which it is posted      (as the body looks)
  --app ID          the application of the link, for a source that is called by one  (the only one of its apps)
  --sources FILE    the sources                   (sources.yaml)

Where ROLLBACK_SUSPENDED is set in the environment, it says what the function does while it is.
It ends with status 0 where the webhook would be acted on or ignored, and with 1 where it would be refused.
`;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      preset: { type: 'string' },
      source: { type: 'string' },
      payload: { type: 'string' },
      'content-type': { type: 'string' },
      app: { type: 'string' },
      sources: { type: 'string', default: path.join(root, 'sources.yaml') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { preset, source: name, payload } = values;
  if (values.help || (preset === undefined && name === undefined && payload === undefined)) {
    console.log(`${help}\nThe presets:\n\n${listPresets()}`);
    return;
  }
  if (preset !== undefined) {
    if (name !== undefined || payload !== undefined)
      throw new CliError('Give either --preset or --source, not both.');
    console.log(describePreset(preset));
    return;
  }
  if (name === undefined) throw new CliError('--source NAME is missing: whose payload is it?');
  if (payload === undefined) throw new CliError('--payload FILE is missing: what does the sender post?');
  const { source, notify } = readSource(values.sources, name);
  const grant = grantFor(source, readId('--app', values.app));
  const body = await readPayloadFile(payload);
  const contentType = values['content-type'] ?? contentTypeOf(body, source);
  await explain(source, notify, {
    body,
    contentType,
    grant,
    now: Date.now(),
    isSuspended: isSuspended(process.env),
  });
});

async function explain(
  compiled: CompiledSource,
  notify: readonly CompiledChannel[],
  webhook: ExplainedWebhook,
): Promise<void> {
  const source = loadSources([compiled], process.env, () => undefined).get(compiled.name);
  if (!source) throw new Error(`the source ${compiled.name} was not opened`);
  const { rows, verdict, isRefused } = await explainWebhook(source, notify, webhook);
  console.log(`${table(rows)}\n\n${paint(isRefused ? 'red' : 'green', verdict)}`);
  if (isRefused) process.exitCode = 1;
}

function grantFor(source: CompiledSource, app: string | undefined): LinkGrant | undefined {
  if (source.verify.scheme === 'link') return { app: appOfLink(source, app), expiresAtSeconds: 0 };
  if (app === undefined) return undefined;
  throw new CliError(`--app is for links, and the source ${source.name} is not called by one.`);
}
