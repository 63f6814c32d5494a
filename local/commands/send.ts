import '../cli/ignore-debug.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { runCommand } from '../cli/command.ts';
import { readId, readPayloadFile, readUrl, requireOption, sharedOptions } from '../cli/options.ts';
import { paint, showLines } from '../cli/terminal.ts';
import { findSecret, findVariable } from '../sandbox/find-secret.ts';
import { readSource, secondsValid } from '../signing/sender.ts';
import { describeAnswer } from './send/describe-answer.ts';
import { post } from './send/post.ts';
import { requestLine, type LineParts } from './send/request-line.ts';
import { makeRequest, type OutgoingRequest } from './send/request.ts';

await runCommand({
  summary: "Posts a webhook as a source's sender would, signed.",
  usage: `npm run send -- --source NAME (--payload FILE | --change-order ID | --app ID)
                [--url URL] [--content-type T] [--secret-env V] [--sources FILE] [--print]`,
  options: {
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
    url: sharedOptions.url,
    'content-type': sharedOptions['content-type'],
    'secret-env': sharedOptions['secret-env'],
    sources: sharedOptions.sources,
    print: {
      type: 'boolean',
      default: false,
      help: `print the request, and a curl line that posts it, and post nothing. A token is not shown: the line takes it
from the variable. A signature is, and can be used while it is good`,
    },
  },
  notes: `The secret comes from the variable that the source names. To take it from .env:
(set -a; . ./.env; set +a; npm run send -- …). Where the URL is on this machine and the variable is not set, the request
is signed with the sandbox's own secret.

It ends with status 0 where the answer is a 2xx, else with 1.`,
  run: async (values) => {
    const url = readUrl(values.url);
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
