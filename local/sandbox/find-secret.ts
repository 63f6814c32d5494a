import { isLoopback } from '../../functions/alibaba/origin.ts';
import { setting } from '../../functions/platform/settings.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { readKey } from '../../functions/webhook/source/load-sources.ts';
import { nameInKms } from '../../functions/webhook/source/secret-name.ts';
import { CliError } from '../cli/cli.ts';
import { readCommand } from '../signing/kms-read-command.ts';
import { sandboxSecrets } from './secrets.ts';

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
export function findSecret(source: CompiledSource, { url, sources, env, given }: SecretPlaces): string {
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
