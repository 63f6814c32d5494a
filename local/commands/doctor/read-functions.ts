import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../../../functions/platform/settings.ts';
import { findFunction } from '../../build/check-deployment.ts';
import { readDeployment } from '../../build/deployment.ts';
import type { Place } from '../deploy/deployments.ts';
import { deployedEnvironment, resolve } from './deployed-environment.ts';

/** What s.yaml says of the functions, as far as it can be read. */
export interface Functions extends Place {
  /** What the webhook function will find in its environment. */
  env: Environment;
  role: string;
  /** The name of the function that EventBridge calls; undefined where s.yaml has none. */
  eventsFunction?: string | undefined;
  /** The alias of the key that deploys. */
  access: string;
}

export function readFunctions(folder: string, env: Environment): Functions {
  try {
    const { functions, access } = readDeployment(readFileSync(path.join(folder, 's.yaml'), 'utf8'));
    const webhook = findFunction(functions, 'webhook');
    const events = findFunction(functions, 'events');
    if (webhook) {
      const { role, region, functionName } = webhook.props;
      return {
        env: deployedEnvironment(webhook, env),
        role: resolve(role, env),
        region: resolve(region, env),
        functionName: resolve(functionName, env),
        eventsFunction: events && resolve(events.props['functionName'], env),
        access: resolve(access, env),
      };
    }
  } catch {
    // The check of s.yaml has said so.
  }
  return { env, role: env['FUNCTION_ROLE'] ?? '', region: env['REGION'] ?? '', functionName: '', access: '' };
}
