const prefix = 'kms:';

/** The name of a secret in KMS, where an item of `secrets` is one (`kms:NAME`) and no environment variable. */
export function nameInKms(secret: string): string | undefined {
  return secret.startsWith(prefix) ? secret.slice(prefix.length) : undefined;
}
