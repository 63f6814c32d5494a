/**
 * What a person types in a shell to put the current version of a secret into a variable, without showing it.
 *
 * @param region of the secret; else that of the profile of the aliyun CLI counts
 */
export function readCommand(name: string, variable: string, region?: string): string {
  const pick = `node -p 'JSON.parse(require("fs").readFileSync(0)).SecretData'`;
  // https://www.alibabacloud.com/help/en/cli/command-line-options
  const where = region === undefined ? '' : ` --region ${region}`;
  return `export ${variable}="$(aliyun kms GetSecretValue --SecretName ${name}${where} | ${pick})"`;
}
