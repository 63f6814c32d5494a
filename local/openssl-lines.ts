import { nameInKms } from '../functions/webhook/source/secret-name.ts';
import type { CompiledSource } from '../functions/webhook/source/source.ts';
import type { HmacParameters } from '../functions/webhook/verify/hmac.ts';
import { readCommand } from './kms/read-command.ts';
import { isByApplication, onlyAppOf, sampleWebhook } from './sample-webhook.ts';

/** A source for which a shell can sign in one line. */
export type SignedByOpenssl = CompiledSource & { verify: HmacParameters };

/** Whether a shell can sign for it in one line, and its payload says what to roll back. */
export function isSignedByOpenssl(source: CompiledSource): source is SignedByOpenssl {
  const { verify, payloadTimestamp, problemStartedAt } = source;
  // A time in the payload would be that of printing.
  if (verify.scheme !== 'hmac' || payloadTimestamp || problemStartedAt) return false;
  if (onlyAppOf(source) !== undefined) return false;
  return (
    verify.signed.join('') === '{body}' && verify.encoding === 'hex' && verify.secretEncoding === 'plain'
  );
}

/** Which a pasted line puts a secret of KMS into. */
const variableForKms = 'SECRET';

/**
 * Lines to paste, which sign with the source's variable, or with its secret of KMS, and post. The id is still to be put in.
 */
export function opensslLines(source: SignedByOpenssl, url: string): string[] {
  const { name, verify, secrets } = source;
  const [secret = ''] = secrets;
  const nameThere = nameInKms(secret);
  const variable = nameThere === undefined ? secret : variableForKms;
  const target = isByApplication(source) ? { app: 'APPLICATION-ID' } : { changeOrderId: 'CHANGE-ORDER-ID' };
  const { contentType, body } = sampleWebhook(source, target, Date.now());
  const digest = `printf %s "$body" | openssl dgst -${verify.algorithm} -hmac "$${variable}" -r | cut -d' ' -f1`;
  return [
    ...(nameThere === undefined ? [] : [readCommand(nameThere, variable)]),
    `body=${quote(body)}`,
    `curl -i ${url}/${name} -H ${quote(`Content-Type: ${contentType}`)} --data-raw "$body" \\`,
    `  -H ${quote(`${verify.header}: ${verify.prefix}`)}"$(${digest})"`,
  ];
}

/** One word for a shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
