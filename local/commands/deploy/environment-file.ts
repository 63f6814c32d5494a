import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '../../../functions/platform/settings.ts';
import { readDeployment } from '../../build/deployment.ts';
import { CliError } from '../../cli/cli.ts';
import { readDeployEnvironment } from '../doctor/env-file.ts';

/** The name of the file for `--env NAME`, beside s.yaml; without a name, the one that Serverless Devs reads itself. */
export function environmentFile(name: string | undefined): string {
  if (name === undefined) return '.env';
  if (/^[a-z0-9][a-z0-9_-]*$/.test(name) && name !== 'example') return `.env.${name}`;
  throw new CliError(
    `--env must be a word in lower case, such as production for .env.production, not ${JSON.stringify(name)}.`,
  );
}

/** @throws CliError where the file of a named environment is not there */
export function requireEnvironmentFile(folder: string, file: string): void {
  if (file === '.env' || existsSync(path.join(folder, file))) return;
  throw new CliError(
    `${path.join(folder, file)} is not there: cp .env.example ${file}, fill it in, and give WEBHOOK_FUNCTION, FOLLOW_FUNCTION, EVENTS_FUNCTION and FUNCTION_ROLE names of their own.`,
  );
}

/** All files of the folder that hold the values of an environment. */
export function environmentFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^\.env(\.(?!example$)[a-z0-9][a-z0-9_-]*)?$/.test(name));
}

/**
 * The environment in which Serverless Devs runs, so that it takes the values of this file. It reads .env by itself, and what
 * is in its environment wins, even when it is empty: so each variable of .env and s.yaml gets the value of the named file, or
 * an empty one, and nothing of .env gets in between. Its own --env is for another thing, an env.yaml.
 * https://github.com/motdotla/dotenv#what-happens-to-environment-variables-that-were-already-set
 */
export function deployingEnvironment(folder: string, file: string, shell: Environment): Environment {
  if (file === '.env') return shell;
  const values = readDeployEnvironment(folder, shell, file).env;
  const { variables } = readDeployment(readFileSync(path.join(folder, 's.yaml'), 'utf8'));
  const blanks = [...variables, ...namesIn(path.join(folder, '.env'))].map((name) => [name, ''] as const);
  return { ...Object.fromEntries(blanks), ...values };
}

function namesIn(file: string): string[] {
  return existsSync(file) ? Object.keys(parseEnv(readFileSync(file, 'utf8'))) : [];
}
