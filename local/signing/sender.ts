import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { isLoopback } from '../../functions/alibaba/origin.ts';
import { isId, reasonOf } from '../../functions/lib/text.ts';
import { setting } from '../../functions/platform/settings.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { readKey } from '../../functions/webhook/source/load-sources.ts';
import { nameInKms } from '../../functions/webhook/source/secret-name.ts';
import { dingTalkTimestamp } from '../../functions/webhook/verify/dingtalk.ts';
import { feishuTimestamp } from '../../functions/webhook/verify/feishu.ts';
import type { LinkGrant } from '../../functions/webhook/verify/link.ts';
import type { CompiledConfiguration } from '../build/compile-sources.ts';
import { didYouMean } from '../build/did-you-mean.ts';
import { compileConfigurationFile } from '../build/write-bundle.ts';
import { CliError } from '../cli/cli.ts';
import { sandboxSecrets } from '../sandbox/secrets.ts';
import { readCommand } from './kms-read-command.ts';
import { linkQuery, signatureHeaders } from './sign.ts';

/** Where `npm start` listens unless it is told otherwise. */
export const sandboxUrl = 'http://127.0.0.1:9000';

/** Seconds that a link is good for where it is made for one request. */
export const shortLinkSeconds = 300;

/** What a sender posts, but for the body. */
export interface SenderRequest {
  address: string;
  headers: Record<string, string>;
}

interface Signing {
  /** Where the function listens. */
  url: string;
  body: string | Buffer;
  contentType: string;
  /** What a link authorises; its sender has no other way to name it. */
  target?: Omit<LinkGrant, 'expiresAtSeconds'> | undefined;
  /** Epoch milliseconds. */
  now: number;
  /** Of the delivery. */
  id?: string;
}

/** The request with which the source's sender would post this body. */
export function signedRequest(
  source: CompiledSource,
  secret: string,
  { url, body, contentType, target, now, id = 'delivery-1' }: Signing,
): SenderRequest {
  const { name, verify, deliveryHeader } = source;
  const address = `${url}/${name}`;
  const headers = {
    'content-type': contentType,
    ...(deliveryHeader !== undefined && { [deliveryHeader]: id }),
    ...signatureHeaders(verify, secret, body, { now, id, contentType }),
  };
  if (verify.scheme !== 'link' || !target) return { address, headers };
  const grant = { ...target, expiresAtSeconds: Math.floor(now / 1000) + shortLinkSeconds };
  return { address: `${address}?${linkQuery(verify, secret, grant)}`, headers };
}

/** Seconds for which a request stays good once it is signed; undefined where it does for ever. */
export function secondsGood({ verify, payloadTimestamp }: CompiledSource): number | undefined {
  if (payloadTimestamp) return payloadTimestamp.toleranceSeconds;
  switch (verify.scheme) {
    case 'hmac':
      return verify.timestamp?.toleranceSeconds;
    case 'stripe':
      return verify.toleranceSeconds;
    case 'dingtalk':
      return dingTalkTimestamp.toleranceSeconds;
    case 'feishu':
      return feishuTimestamp.toleranceSeconds;
    case 'link':
      return shortLinkSeconds;
    case 'token':
      return undefined;
  }
}

/** The source of this name in a sources.yaml, and all that stands around it. */
export function readSource(file: string, name: string): CompiledConfiguration & { source: CompiledSource } {
  const configuration = compileConfigurationFile(file);
  const source = configuration.sources.find((each) => each.name === name);
  if (source) return { ...configuration, source };
  const names = configuration.sources.map((each) => each.name);
  throw new CliError(`There is no source ${JSON.stringify(name)}${didYouMean(name, names)}`);
}

/** The id in an option, in lower case as EDAS writes it; undefined where the option is not there. */
export function readId(option: string, text: string | undefined): string | undefined {
  const id = text?.toLowerCase();
  if (id === undefined || isId(id)) return id;
  throw new CliError(
    `${option} must be an id as the EDAS console shows it (a UUID), not ${JSON.stringify(text)}.`,
  );
}

/** The application that a link is for: the one that is given, or the only one that the source may touch. */
export function appOfLink({ name, apps = [] }: CompiledSource, given: string | undefined): string {
  const [only, ...others] = apps;
  if (given === undefined && only !== undefined && others.length === 0) return only;
  if (given !== undefined && apps.includes(given)) return given;
  const fault =
    given === undefined
      ? `needs --app ID, the application of the link`
      : `may not touch the application ${given}`;
  throw new CliError(`The source ${name} ${fault}. Its apps are ${apps.join(', ')}.`);
}

/** The address of a function without a slash at its end. Whatever is posted there must not be read on its way. */
export function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.href !== `${url?.origin}/`) {
    throw new CliError(
      `--url must be the address of the function alone, such as https://example.cn-hangzhou.fcapp.run, and no user, password or path. The name of the source is added to it.`,
    );
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url.origin;
  throw new CliError('--url must be https; plain http is for this machine only.');
}

/** Where a secret may come from. */
interface SecretPlaces {
  url: string;
  sources: readonly CompiledSource[];
  env: NodeJS.Dict<string>;
  /** `--secret-env`: the variable that holds it. */
  given?: string | undefined;
}

/**
 * The secret of a source: that in the variable that is given, or in the first of its own variables that is set, else, on
 * this machine, the sandbox's own.
 *
 * @throws CliError that says which variable to set
 */
export function secretFor(source: CompiledSource, { url, sources, env, given }: SecretPlaces): string {
  const own = given ?? source.secrets.find((each) => env[each]);
  const isSandbox = own === undefined && isLoopback(new URL(url).hostname);
  const secrets = isSandbox ? sandboxSecrets(sources) : env;
  const name = own ?? source.secrets[0] ?? '';
  const nameThere = nameInKms(name);
  if (!isSandbox && nameThere !== undefined) throw isInKms(source, nameThere, setting(env, 'REGION'));
  const secret = secrets[name];
  const key = readKey(secret, source.verify);
  if (secret !== undefined && typeof key !== 'string') return secret;
  throw new CliError(
    `${name} ${String(key)}. The source ${source.name} needs it; where .env has it: (set -a; . ./.env; set +a; npm run …).`,
  );
}

function isInKms({ name }: CompiledSource, nameThere: string, region: string | undefined): CliError {
  return new CliError(
    `The source ${name} has its secret in KMS, which is not asked from here. Read it yourself, and say --secret-env SECRET:\n  ${readCommand(nameThere, 'SECRET', region)}`,
  );
}

/** The bytes of a payload; `-` stands for standard input. */
export async function readPayloadFile(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${reasonOf(error)}`);
  }
}
