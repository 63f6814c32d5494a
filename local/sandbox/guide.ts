import { setting } from '../../functions/platform/settings.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { nameInKms } from '../../functions/webhook/source/secret-name.ts';
import { paint } from '../cli/terminal.ts';
import { isSignedByOpenssl, opensslLines, quote } from '../signing/openssl-lines.ts';
import { findNameable, isByApplication, sampleWebhook } from '../signing/sample-webhook.ts';
import { secondsValid, signedRequest, type SenderRequest } from '../signing/sender.ts';
import type { EdasStandIn } from '../stand-ins/edas/stand-in.ts';
import { applicationFor, targetFor } from './play.ts';
import { secretOf, type Secrets } from './secrets.ts';

interface Guide {
  url: string;
  sources: readonly CompiledSource[];
  secrets: Secrets;
}

/** Prints lines to paste: a signed webhook for a change order that waits for it, and a forged one. */
export function printCurlLines({
  edas,
  url,
  sources,
  secrets,
  forged,
}: Guide & { edas: EdasStandIn; forged: Secrets }): void {
  const [source] = sources;
  if (!source) return;
  const app = applicationFor(source);
  // It waits for a person after its first batch, so it is still in flight whenever the line is pasted; and it began
  // before the problem did.
  const id = edas.orders.add({
    id: '4f40e616-cdcd-4250-a018-efd4599c0b1d',
    appId: app,
    description: 'payments 1.9.3',
    waitsForPerson: true,
    createdAt: Date.now() - 60_000,
    batchMs: 1000,
  });
  const now = Date.now();
  const { contentType, body } = sampleWebhook(source, targetFor(source, id), now);
  const signing = { url, body, contentType, target: { app }, now };
  const seconds = secondsValid(source);
  const until = seconds === undefined ? '' : ` (good for ${seconds} s)`;
  heading(`Your turn. A second release is in flight; this is the same request for it${until}:`);
  console.log(curl(signedRequest(source, secretOf(source, secrets), signing), body));
  heading('The same, forged:');
  console.log(curl(signedRequest(source, secretOf(source, forged), signing), body));
  heading('Is it up?');
  console.log(`curl ${url}/`);
  heading('The sources, and their secrets in this sandbox:');
  for (const { name, secrets: variables } of sources) {
    const values = variables.map((variable) => `${variable}=${secrets[variable] ?? ''}`);
    console.log(`POST ${url}/${name}   ${values.join(' ')}`);
  }
}

/** Without a notify in sources.yaml, a deployment sends no messages: the sandbox says that its channels are extra. */
export function printOwnChannels(): void {
  console.log(
    paint(
      'dim',
      "Your sources.yaml has no notify, so a deployment sends no messages: the channels below are the sandbox's own.",
    ),
  );
}

export async function printRealEdas({ url, sources, secrets }: Guide): Promise<void> {
  console.log(
    paint('bold', 'This is real EDAS, with the credentials of this machine: a signed request rolls back.'),
  );
  const isYours = (variable: string) => process.env[variable] === secrets[variable];
  const originOf = (secret: string) => {
    if (nameInKms(secret) !== undefined) return "KMS's own";
    return isYours(secret) ? 'yours' : 'made for this run';
  };
  for (const { name, secrets: named } of sources) {
    const origins = named.map((secret) => `${secret} (${originOf(secret)})`);
    console.log(`POST ${url}/${name}   secret ${origins.join(', ')}`);
  }
  const source = await findNameable(sources.filter(isSignedByOpenssl));
  if (!source) return;
  const [secret = ''] = source.secrets;
  heading(
    `To roll ${isByApplication(source) ? 'an application' : 'a change order'} back, put its id in and paste:`,
  );
  if (nameInKms(secret) === undefined && !isYours(secret)) {
    // Not exported: at the next deployment it would win over .env.
    console.log(`${secret}=${quote(secretOf(source, secrets))}`);
  }
  const region = setting(process.env, 'REGION');
  for (const line of opensslLines(source, url, region)) console.log(line);
}

export function printReady(url: string): void {
  console.log(`\n${paint('green', 'Listening')} on ${url}. Ctrl-C stops.`);
}

function curl({ address, headers }: SenderRequest, body: string): string {
  const flags = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  return [`curl -i ${quote(address)}`, ...flags, `--data-raw ${quote(body)}`].join(' \\\n  ');
}

function heading(text: string): void {
  console.log(`\n${paint('bold', text)}`);
}
