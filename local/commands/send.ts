import '../cli/ignore-debug.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import {
  readAccount,
  readId,
  readPayloadFile,
  readUrl,
  requireOption,
  sandboxEventsUrl,
  sandboxUrl,
  sharedOptions,
} from '../cli/options.ts';
import { paint, showLines } from '../cli/terminal.ts';
import { findSecret, findVariable } from '../sandbox/find-secret.ts';
import { readSource, secondsValid } from '../signing/sender.ts';
import { describeAnswer } from './send/describe-answer.ts';
import { post } from './send/post.ts';
import { requestLine, type LineParts } from './send/request-line.ts';
import { sendEvent } from './send/send-event.ts';
import { makeRequest, type OutgoingRequest } from './send/request.ts';

await runCommand({
  summary: "Posts a webhook as a source's sender would, signed; or sends an event as EventBridge would.",
  usage: `npm run send -- --source NAME (--payload FILE | --change-order ID | --app ID)
                [--url URL] [--content-type T] [--secret-env V] [--sources FILE] [--print]
npm run send -- --event --source NAME [--payload FILE | --change-order ID | --app ID]
                [--url URL | --deployed [--account ID]] [--sources FILE] [--print]`,
  options: {
    event: {
      type: 'boolean',
      default: false,
      help: `send a CloudEvent, as a source under events takes it: one of now that it acts on, or --payload FILE as it is`,
    },
    source: sharedOptions.source,
    payload: sharedOptions.payload,
    'change-order': {
      ...sharedOptions['change-order'],
      help: "makes a body that asks for this change order; refused where the source's expressions do not tell how",
    },
    app: {
      ...sharedOptions.app,
      help: `the same for an application. For a source that is called by a link, the application of the link, which
expires after 5 minutes   (the only one of its apps)`,
    },
    url: {
      type: 'string',
      value: 'URL',
      help: `where the function listens   (${sandboxUrl}, the sandbox); with --event, the event bus of the
sandbox   (${sandboxEventsUrl})`,
    },
    deployed: {
      type: 'boolean',
      default: false,
      help: `with --event: invoke the deployed events function, with the credentials of this machine. What it decides, it
does. REGION says where it is, and EVENTS_FUNCTION how it is called, where s.yaml has another name`,
    },
    account: {
      type: 'string',
      value: 'ID',
      help: 'with --deployed: the account of the function   (FC_ACCOUNT_ID)',
    },
    'content-type': sharedOptions['content-type'],
    'secret-env': sharedOptions['secret-env'],
    sources: sharedOptions.sources,
    print: {
      type: 'boolean',
      default: false,
      help: `print the request, and a curl line that posts it, and post nothing. A token is not shown: the line takes it
from the variable. A signature is, and can be used while it is good. With --event: print the event
alone, as it is published, and send nothing. EventBridge then adds the account (aliyunaccountid)`,
    },
  },
  notes: `The secret comes from the variable that the source names. To take it from .env:
(set -a; . ./.env; set +a; npm run send -- …). Where the URL is on this machine and the variable is not set, the request
is signed with the sandbox's own secret.

An event in the sandbox is delivered twice, as EventBridge may do it; what each delivery came to is told.

It ends with status 0 where the answer is a 2xx, or where a delivery came to an outcome, else with 1.`,
  run: async (values) => {
    if (values.event) {
      await runEvent(values);
      return;
    }
    if (values.deployed || values.account !== undefined)
      throw new CliError('--deployed and --account are for events: use --event.');
    const url = readUrl(values.url ?? sandboxUrl);
    const { source, sources } = readSource(values.sources, requireOption('--source NAME', values.source));
    const options = {
      payload: values.payload === undefined ? undefined : await readPayloadFile(values.payload),
      contentType: values['content-type'],
      changeOrderId: readId('--change-order', values['change-order']),
      app: readId('--app', values.app),
    };
    const secret = findSecret(source, { url, sources, env: process.env, given: values['secret-env'] });
    const request = await makeRequest(source, options, { url, secret, now: Date.now() });
    if (values.print) {
      const variable = findVariable(source, { env: process.env, given: values['secret-env'] });
      printRequest(request, showLines(request.body.toString()));
      printLine(source, request, { file: values.payload, variable });
      return;
    }
    // A payload from a file may be long.
    printRequest(
      request,
      typeof request.body === 'string' ? request.body : `(the payload, ${request.body.length} bytes)`,
    );

    const answer = await post(request, request.body);
    const isFine = answer.status >= 200 && answer.status <= 299;
    console.log(
      `\n${paint(isFine ? 'green' : 'red', `answered ${answer.status}`)}\n${showLines(answer.text.trimEnd())}`,
    );
    for (const line of describeAnswer(source, answer)) console.log(`\n${showLines(line)}`);
    if (!isFine) process.exitCode = 1;
  },
});

interface EventValues {
  source?: string | undefined;
  payload?: string | undefined;
  'change-order'?: string | undefined;
  app?: string | undefined;
  url?: string | undefined;
  deployed: boolean;
  account?: string | undefined;
  'content-type'?: string | undefined;
  'secret-env'?: string | undefined;
  sources: string;
  print: boolean;
}

async function runEvent(values: EventValues): Promise<void> {
  if (values['content-type'] !== undefined || values['secret-env'] !== undefined)
    throw new CliError(
      'An event has neither a content type nor a secret: leave --content-type and --secret-env out.',
    );
  if (values.account !== undefined && !values.deployed)
    throw new CliError('--account is for the deployed function: use --deployed.');
  const isFine = await sendEvent(
    {
      sourcesFile: values.sources,
      source: requireOption('--source NAME', values.source),
      payload: values.payload === undefined ? undefined : await readPayloadFile(values.payload),
      changeOrderId: readId('--change-order', values['change-order']),
      app: readId('--app', values.app),
      url: values.url,
      isDeployed: values.deployed,
      account: readAccount(values.account),
      isPrint: values.print,
    },
    process.env,
  );
  if (!isFine) process.exitCode = 1;
}

function printRequest({ shown: { address, headers } }: OutgoingRequest, body: string): void {
  console.log(`POST ${address}`);
  for (const [name, value] of Object.entries(headers)) console.log(`${name}: ${value}`);
  console.log(`\n${body}`);
}

function printLine(source: CompiledSource, request: OutgoingRequest, from: LineParts): void {
  const seconds = secondsValid(source);
  const until = seconds === undefined ? '' : ` (good for ${seconds} s)`;
  console.log(
    `\n${paint('bold', `The same as a line to paste${until}:`)}\n${requestLine(source, request, from)}`,
  );
}
