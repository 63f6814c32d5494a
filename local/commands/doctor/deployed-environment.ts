import { toRecord, toText } from '../../../functions/lib/json.ts';
import { setting, type Environment } from '../../../functions/platform/settings.ts';
import type { DeployedFunction } from '../../build/deployment.ts';

/** What a function in s.yaml will find in its environment once it is deployed. */
export function deployedEnvironment({ props }: DeployedFunction, env: Environment): Environment {
  const variables = Object.entries(toRecord(props['environmentVariables']));
  return Object.fromEntries(variables.map(([name, value]) => [name, resolve(value, env)]));
}

/** A value of s.yaml with its `${env('NAME', 'default')}` filled in. Serverless Devs takes an empty variable for none. */
export function resolve(value: unknown, env: Environment): string {
  return (toText(value) ?? '').replaceAll(
    /\$\{\s*env\(\s*(['"])(\w+)\1\s*(?:,\s*(['"])(.*?)\3\s*)?\)\s*\}/g,
    (_all, _quote, name: string, _otherQuote, fallback = '') => setting(env, name) ?? String(fallback),
  );
}
