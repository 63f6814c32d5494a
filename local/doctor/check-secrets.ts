import type { Environment } from '../../functions/platform/function-compute.ts';
import { toText } from '../../functions/record.ts';
import { openSources } from '../../functions/webhook/source/open-sources.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import { digestBytes } from '../../functions/webhook/verify/hmac.ts';
import type { VerifyParameters } from '../../functions/webhook/verify/verify.ts';
import { sandboxSecrets } from '../sandbox/secrets.ts';
import { right, warning, wrong, type Finding } from './finding.ts';

/** What is there in the place of a secret. */
const placeholders =
  /^(change[-_ ]?(me|it)|secret|password|passw0rd|token|test|example|todo|none|null|undefined|x{3,}|\.{3,}|<.*>|your[-_ ].*)$/i;

/** Shorter than this, a token or password can be found by trying; the function itself warns of such a key. */
const shortestBytes = 16;

/** Standard Webhooks: 24 to 64 bytes. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const whsecBytes = 24;

/** Each variable that holds a secret of a source; whether any source is open; whether two have the same secret. */
export function checkSecrets(sources: readonly CompiledSource[], env: Environment): Finding[] {
  const findings = sources.flatMap((source) =>
    source.secrets.map((variable) => checkSecret(source, variable, env)),
  );
  return [...findings, ...checkShared(sources, env), ...checkAnyOpen(sources, env)];
}

/** @returns whether its sender could be let in with these variables */
export function isOpen(source: CompiledSource, env: Environment): boolean {
  return source.secrets.every((variable) => readSecret(source, variable, env).key !== undefined);
}

function checkSecret(source: CompiledSource, variable: string, env: Environment): Finding {
  const { name } = source;
  const value = env[variable];
  if (value === undefined || value === '') {
    return warning(
      `${variable} is empty, so the source ${name} stays closed`,
      'Put the secret into .env. To make one: openssl rand -hex 32. A source that nobody uses may stay closed.',
    );
  }
  const { key, reason } = readSecret(source, variable, env);
  const fault = reason ?? faultOfText(source, variable, value);
  if (fault !== undefined)
    return wrong(fault, 'Put another value into .env. To make a secret: openssl rand -hex 32');
  const bytes = key?.length ?? 0;
  const recommended = recommendedBytes(source.verify);
  if (bytes >= recommended) return right(`${variable} (${name}) is set, and long enough`);
  return warning(
    `${variable} (${name}) makes a key of ${bytes} bytes; ${recommended} are recommended`,
    'Give the sender a longer one, where you choose it: openssl rand -hex 32. https://www.rfc-editor.org/rfc/rfc2104#section-3',
  );
}

/** As the function itself reads it. */
function readSecret(
  source: CompiledSource,
  variable: string,
  env: Environment,
): { key: Buffer | undefined; reason: string | undefined } {
  const reasons: string[] = [];
  const opened = openSources([{ ...source, secrets: [variable] }], env, (_level, _message, fields) => {
    reasons.push(toText(fields?.['reason']) ?? '');
  });
  return { key: opened.get(source.name)?.keys[0], reason: reasons[0] };
}

function faultOfText(source: CompiledSource, variable: string, value: string): string | undefined {
  const own = passwordIn(source.verify, value);
  if (/^["'`]|["'`]$/.test(value))
    return `${variable} begins or ends with a quote, which would be a part of it`;
  if (/\p{Cc}/u.test(value)) return `${variable} holds a line break or another control character`;
  if (placeholders.test(own)) return `${variable} is a placeholder, and no secret`;
  if (new Set(own).size < 4) return `${variable} is made of the same few characters`;
  if (sandboxSecrets([source])[variable] === value)
    return `${variable} is the sandbox's, which everybody knows`;
  if (Buffer.byteLength(own) < shortestBytes) return `${variable} is shorter than ${shortestBytes} bytes`;
  return undefined;
}

/** Of user:password, the user is not secret. */
function passwordIn(verify: VerifyParameters, value: string): string {
  const isBasic = verify.scheme === 'token' && verify.format === 'basic';
  return isBasic ? value.slice(value.indexOf(':') + 1) : value;
}

/** RFC 2104 discourages a key that is shorter than the hash's output; a token is no key, and only has to be unguessable. */
function recommendedBytes(verify: VerifyParameters): number {
  if (verify.scheme === 'token') return shortestBytes;
  if (verify.scheme !== 'hmac') return digestBytes.sha256;
  return verify.secretEncoding === 'whsec' ? whsecBytes : digestBytes[verify.algorithm];
}

/** Who has seen a token could use it as the other's; and while a secret is rotated, old and new must differ. */
function checkShared(sources: readonly CompiledSource[], env: Environment): Finding[] {
  const variables = [...new Set(sources.flatMap((source) => source.secrets))].filter((name) => env[name]);
  return variables.flatMap((variable, index) => {
    const twin = variables.slice(0, index).find((other) => env[other] === env[variable]);
    if (twin === undefined) return [];
    return [wrong(`${twin} and ${variable} have the same value`, 'Give each a secret of its own.')];
  });
}

function checkAnyOpen(sources: readonly CompiledSource[], env: Environment): Finding[] {
  if (sources.some((source) => isOpen(source, env))) return [];
  return [
    wrong('no source is open, so nobody can be let in', 'Put the secret of at least one source into .env.'),
  ];
}
