import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import type { EdasStandIn } from '../edas/stand-in.ts';
import { paint } from '../terminal.ts';
import { headersFor, payloadFor, type Secrets } from './sample-webhook.ts';

interface Guide {
  url: string;
  sources: readonly CompiledSource[];
  secrets: Secrets;
}

/** Lines to paste: a signed webhook for an order that waits for them, and a forged one. */
export function printCurlLines({
  edas,
  url,
  sources,
  secrets,
  forged,
}: Guide & { edas: EdasStandIn; forged: Secrets }): void {
  const [source] = sources;
  if (!source) return;
  // It waits for a person after its first batch, so it is still in flight whenever the line is pasted.
  const id = edas.orders.add({
    id: '4f40e616-cdcd-4250-a018-efd4599c0b1d',
    appId: '3616cdca-0000-4000-8000-000000000002',
    description: 'payments 1.9.3',
    waitsForPerson: true,
    batchMs: 1000,
  });
  const body = payloadFor(source, id);
  const { timestamp } = source.verify;
  const until = timestamp ? ` (good for ${timestamp.toleranceSeconds} s)` : '';
  heading(`Your turn. A second release is in flight; this is the same request for it${until}:`);
  console.log(curl(`${url}/${source.name}`, headersFor(source, secrets, body), body));
  heading('The same, forged:');
  console.log(curl(`${url}/${source.name}`, headersFor(source, forged, body), body));
  heading('Is it up?');
  console.log(`curl ${url}/`);
  heading('The sources, and their secrets in this sandbox:');
  for (const { name, secrets: variables } of sources) {
    const values = variables.map((variable) => `${variable}=${secrets[variable] ?? ''}`);
    console.log(`POST ${url}/${name}   ${values.join(' ')}`);
  }
}

export function printRealEdas({ url, sources, secrets }: Guide): void {
  console.log(
    paint('bold', 'This is real EDAS, with the credentials of this machine: a signed request rolls back.'),
  );
  const isYours = (variable: string) => process.env[variable] === secrets[variable];
  for (const { name, secrets: variables } of sources) {
    const origins = variables.map(
      (variable) => `${variable} (${isYours(variable) ? 'yours' : 'made for this run'})`,
    );
    console.log(`POST ${url}/${name}   secret ${origins.join(', ')}`);
  }
  const simple = sources.find(
    ({ verify }) => verify.signed.join('') === '{body}' && verify.encoding === 'hex',
  );
  if (!simple) return;
  const [variable = ''] = simple.secrets;
  heading('To roll a change order back, put its id in and paste:');
  if (!isYours(variable)) console.log(`export ${variable}='${secrets[variable] ?? ''}'`);
  console.log(`body='${payloadFor(simple, 'CHANGE-ORDER-ID')}'`);
  console.log(
    `curl -i ${url}/${simple.name} -H 'Content-Type: application/json' -d "$body" \\\n` +
      `  -H "${simple.verify.header}: ${simple.verify.prefix}$(printf %s "$body" | openssl dgst -${simple.verify.algorithm} -hmac "$${variable}" -r | cut -d' ' -f1)"`,
  );
}

export function printReady(url: string): void {
  console.log(`\n${paint('green', 'Listening')} on ${url}. Ctrl-C stops.`);
}

function curl(address: string, headers: Record<string, string>, body: string): string {
  const flags = Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`);
  return [`curl -i ${address}`, ...flags, `-d '${body}'`].join(' \\\n  ');
}

function heading(text: string): void {
  console.log(`\n${paint('bold', text)}`);
}
