/** The parameters of template/publish.yaml, by the variable whose default each of them sets. */
const parameters: Record<string, string> = {
  REGION: 'region',
  FUNCTION_ROLE: 'functionRole',
  FOLLOW_FUNCTION: 'followFunction',
  ROLLBACK_SUSPENDED: 'rollbackSuspended',
};

/**
 * Our s.yaml with a placeholder for each parameter, and for the key that deploys. What reads `${env('NAME', 'default')}` still
 * does, so that .env wins.
 */
export function withPlaceholders(deployment: string): string {
  return deployment
    .replace(/^access: default\b/m, "access: '{{ access }}'")
    .replaceAll(/\$\{env\('(\w+)', '[^']*'\)\}/g, (reference, variable: string) => {
      const parameter = parameters[variable];
      return parameter === undefined ? reference : `\${env('${variable}', '{{ ${parameter} }}')}`;
    });
}

/** Our .env.example with the same placeholders: it becomes the .env when the template is initialised. */
export function environmentWithPlaceholders(example: string): string {
  return example.replaceAll(/^(\w+)=.*$/gm, (line, variable: string) => {
    const parameter = parameters[variable];
    return parameter === undefined ? line : `${variable}={{ ${parameter} }}`;
  });
}
