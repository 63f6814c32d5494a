/** What a person types in a shell to put the current version of a secret into a variable, without showing it. */
export function readCommand(name: string, variable: string): string {
  const pick = `node -p 'JSON.parse(require("fs").readFileSync(0)).SecretData'`;
  return `export ${variable}="$(aliyun kms GetSecretValue --SecretName ${name} | ${pick})"`;
}
