import type { CredentialsProvider } from '../../../functions/alibaba/credentials.ts';
import { createKmsClient, type KmsClient } from '../../../functions/kms/client.ts';
import { kmsEndpoint } from '../../../functions/kms/endpoint.ts';
import { KmsFailure } from '../../../functions/kms/failure.ts';
import { regionOf, setting, type Environment } from '../../../functions/platform/settings.ts';
import { readVersions, type SecretVersions } from '../../../functions/secrets/kms-secrets.ts';
import { nameInKms } from '../../../functions/secrets/secret-name.ts';
import type { RollbackPolicy } from '../../../functions/select/policy.ts';
import { asksOnPage } from '../../build/check-deployment.ts';
import { wrong, type Finding } from './finding.ts';

/** A source of webhooks, or of events, which has no secret. */
export type Policy = RollbackPolicy & { secrets?: readonly string[] };

/** What KMS gave for a secret, or why it is not known. */
export type KmsReading = SecretVersions | KmsFailure;

/** By the names in KMS. One that was not asked for is not in it. */
export type KmsReadings = ReadonlyMap<string, KmsReading>;

/** Longer than the function waits, for this machine is further away. */
const longestWaitMs = 10_000;

/** The names of all secrets in KMS, each once: those of the sources, and the one that signs the links to the page. */
export function namesInKms(sources: readonly Policy[], env: Environment): string[] {
  const ofPage = sources.some(asksOnPage) ? [setting(env, 'CONFIRM_SECRET') ?? ''] : [];
  const items = [...sources.flatMap(({ secrets = [] }) => secrets), ...ofPage];
  const names = items.flatMap((item) => {
    const name = nameInKms(item);
    return name === undefined || name === '' ? [] : [name];
  });
  return [...new Set(names)];
}

/** Where the functions ask KMS, for sources that have a secret there, or why they cannot. */
export function checkKmsEndpoint(
  sources: readonly Policy[],
  env: Environment,
): { finding?: Finding; endpoint?: string } {
  if (namesInKms(sources, env).length === 0) return {};
  try {
    return { endpoint: kmsEndpoint(regionOf({}, env), setting(env, 'KMS_ENDPOINT')) };
  } catch (error) {
    if (!(error instanceof KmsFailure)) throw error;
    const advice = 'Set it in .env; KMS_ENDPOINT stays empty unless the default address is wrong.';
    return { finding: wrong(error.message.replace(/\.$/, ''), advice) };
  }
}

/** Reads secrets in KMS, as the function does. It never fails. */
export async function readKmsSecrets(
  names: readonly string[],
  endpoint: string,
  credentials: CredentialsProvider,
): Promise<KmsReadings> {
  const kms = createKmsClient(endpoint, credentials);
  const readings = names.map(async (name) => [name, await readingOf(name, kms)] as const);
  return new Map(await Promise.all(readings));
}

async function readingOf(name: string, kms: KmsClient): Promise<KmsReading> {
  try {
    return await readVersions(name, kms, longestWaitMs);
  } catch (error) {
    if (error instanceof KmsFailure) return error;
    throw error;
  }
}

/**
 * What can be signed and checked with here: the variables, and the current versions of the secrets in KMS that were read,
 * under the names that they have in sources.yaml.
 */
export function withKmsSecrets(env: Environment, readings: KmsReadings): Environment {
  const texts: Record<string, string> = {};
  for (const [name, reading] of readings) {
    if (!(reading instanceof KmsFailure)) texts[`kms:${name}`] = reading[0].text;
  }
  return { ...env, ...texts };
}
