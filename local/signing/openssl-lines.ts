import { nameInKms } from '../../functions/secrets/secret-name.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import type { HmacParameters } from '../../functions/webhook/verify/hmac.ts';
import { readCommand } from './kms-read-command.ts';
import { isByApplication, onlyAppOf, sampleWebhook } from './sample-webhook.ts';

/** A source for which a shell can sign in one line. */
export type SignedByOpenssl = CompiledSource & { verify: HmacParameters };

/** Whether a shell can sign for it in one line, and its payload says what to roll back, as far as that can be told. */
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
 * The variable that the source's first secret is in once the lines have run: its own; or, for a secret in KMS, one that the
 * line reads it into.
 *
 * @param region of KMS, where it is known; else that of the profile of the aliyun CLI counts
 */
export function signingVariable(
  { secrets: [secret = ''] }: CompiledSource,
  region?: string,
): { variable: string; readLine?: string } {
  const nameThere = nameInKms(secret);
  if (nameThere === undefined) return { variable: secret };
  return { variable: variableForKms, readLine: readCommand(nameThere, variableForKms, region) };
}

/**
 * Lines to paste, which sign with the source's variable, or with its secret of KMS, and post. The id is still to be put in:
 * offer them for what `findNameable` finds only.
 *
 * @param region as in {@link signingVariable}
 */
export function opensslLines(source: SignedByOpenssl, url: string, region?: string): string[] {
  const { name, verify } = source;
  const { variable, readLine } = signingVariable(source, region);
  const target = isByApplication(source) ? { app: 'APPLICATION-ID' } : { changeOrderId: 'CHANGE-ORDER-ID' };
  const { contentType, body } = sampleWebhook(source, target, Date.now());
  const digest = `printf %s "$body" | openssl dgst -${verify.algorithm} -hmac "$${variable}" -r | cut -d' ' -f1`;
  return [
    ...(readLine === undefined ? [] : [readLine]),
    `body=${quote(body)}`,
    `curl -i ${url}/${name} -H ${quote(`Content-Type: ${contentType}`)} --data-raw "$body" \\`,
    `  -H ${quote(`${verify.header}: ${verify.prefix}`)}"$(${digest})"`,
  ];
}

/** One word for a shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
