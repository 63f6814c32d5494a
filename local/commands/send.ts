import '../cli/ignore-debug.ts';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../build/bundle.ts';
import { CliError, runCli } from '../cli/cli.ts';
import { paint } from '../cli/terminal.ts';
import { readId, readPayloadFile, readSource, readUrl, sandboxUrl, secretFor } from '../signing/sender.ts';
import { describeAnswer } from './send/describe-answer.ts';
import { post } from './send/post.ts';
import { makeRequest, type OutgoingRequest } from './send/request.ts';

const help = `Posts a webhook as a source's sender would, signed.

  npm run send -- --source NAME (--payload FILE | --change-order ID | --app ID)
                  [--url URL] [--content-type T] [--secret-env V] [--sources FILE] [--print]

  --source NAME      whose webhook it is
  --payload FILE     the body; - reads it from standard input
  --change-order ID  makes a body that asks for this change order; refused where the source's expressions do not tell how
  --app ID           the same for an application; for a source that is called by a link, the application of the link,
                     which is good for 5 minutes                  (the only one of its apps)
  --url URL          where the function listens                   (${sandboxUrl}, the sandbox)
  --content-type T   under which the body is posted               (as the body looks)
  --secret-env V     the environment variable with the secret, such as one in KMS  (those that the source names)
  --sources FILE     the sources                                  (sources.yaml)
  --print            print the request and do not post it

The secret comes from the variable that the source names; where .env has it: (set -a; . ./.env; set +a; npm run send -- …)
For a URL of this machine it is the sandbox's own where that variable is not set.

It ends with status 0 where the answer is a 2xx, else with 1.
`;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      source: { type: 'string' },
      payload: { type: 'string' },
      'change-order': { type: 'string' },
      app: { type: 'string' },
      url: { type: 'string', default: sandboxUrl },
      'content-type': { type: 'string' },
      sources: { type: 'string', default: path.join(root, 'sources.yaml') },
      print: { type: 'boolean', default: false },
      'secret-env': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  if (values.source === undefined)
    throw new CliError('--source NAME is missing: whose webhook is it? See --help.');
  const url = readUrl(values.url);
  const { source, sources } = readSource(values.sources, values.source);
  const changeOrderId = readId('--change-order', values['change-order']);
  const app = readId('--app', values.app);
  const payload = values.payload === undefined ? undefined : await readPayloadFile(values.payload);
  const secret = secretFor(source, { url, sources, env: process.env, given: values['secret-env'] });
  const wish = { payload, contentType: values['content-type'], changeOrderId, app };
  const request = await makeRequest(source, wish, { url, secret, now: Date.now() });
  printRequest(request);
  if (values.print) return;

  const answer = await post(request, request.body);
  const isFine = answer.status >= 200 && answer.status <= 299;
  console.log(`\n${paint(isFine ? 'green' : 'red', `answered ${answer.status}`)}\n${answer.text.trimEnd()}`);
  for (const line of describeAnswer(source, answer)) console.log(`\n${line}`);
  if (!isFine) process.exitCode = 1;
});

function printRequest({ shown: { address, headers }, body }: OutgoingRequest): void {
  console.log(`POST ${address}`);
  for (const [name, value] of Object.entries(headers)) console.log(`${name}: ${value}`);
  // A file is known, and may hold what is not for a terminal; what was made here is not.
  console.log(typeof body === 'string' ? `\n${body}` : `\n(the payload, ${body.length} bytes)`);
}
