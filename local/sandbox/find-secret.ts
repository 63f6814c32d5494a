import { isLoopback } from '../../functions/alibaba/origin.ts';
import { setting } from '../../functions/platform/settings.ts';
import { readKey } from '../../functions/secrets/read-key.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { CliError } from '../cli/cli.ts';
import { readCommand } from '../signing/kms-read-command.ts';
import { sandboxSecrets } from './secrets.ts';

/** Where a secret can come from. */
interface SecretPlaces {
  url: string;
  sources: readonly CompiledSource[];
  env: NodeJS.Dict<string>;
  /** `--secret-env`: the variable that holds it. */
  given?: string | undefined;
}

/**
 * Finds the secret of a source: in the variable that is given, or in the first of its own variables that is set. For a
 * function on this machine, the default is the sandbox's own secret.
 *
 * @throws CliError that says which variable to set
 */
export function findSecret(source: CompiledSource, { url, sources, env, given }: SecretPlaces): string {
  const own = findVariable(source, { env, given });
  const isSandbox = own === undefined && isLoopback(new URL(url).hostname);
  const secrets = isSandbox ? sandboxSecrets(sources) : env;
  const name = own ?? source.secrets[0] ?? '';
  const nameThere = nameInKms(name);
  if (!isSandbox && nameThere !== undefined) throw needsVariable(source, nameThere, setting(env, 'REGION'));
  const secret = secrets[name];
  const key = readKey(secret, source.verify);
  if (secret !== undefined && typeof key !== 'string') return secret;
  throw new CliError(
    `${name} ${String(key)}. The source ${source.name} needs it. To take it from .env: (set -a; . ./.env; set +a; npm run …).`,
  );
}

/** The variable that a source is signed with: the one that is given, or the first of its own that is set. */
export function findVariable(
  { secrets }: CompiledSource,
  { env, given }: Pick<SecretPlaces, 'env' | 'given'>,
): string | undefined {
  return given ?? secrets.find((each) => env[each]);
}

function needsVariable({ name }: CompiledSource, nameThere: string, region: string | undefined): CliError {
  return new CliError(
    `The source ${name} has its secret in KMS, which this command does not ask. Read it yourself, and use --secret-env SECRET:\n  ${readCommand(nameThere, 'SECRET', region)}`,
  );
}
