import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { root } from '../../local/build/bundle.ts';

/** An Alertmanager's configuration, as far as the recipe has one. */
export interface AlertmanagerConfiguration {
  route: Route;
  receivers: { name: string; webhook_configs?: WebhookConfig[] }[];
}

interface Route {
  receiver: string;
  routes?: Route[];
  [key: string]: unknown;
}

interface WebhookConfig {
  url: string;
  max_alerts?: number;
  http_config?: { authorization: { type: string; credentials_file: string } };
}

/** One variant of the recipe: what to write at Alertmanager, and into sources.yaml. */
export interface Recipe {
  configuration: AlertmanagerConfiguration;
  sources: string;
}

const [single = '', twoTeams = ''] =
  readFileSync(path.join(root, 'docs/sources.md'), 'utf8')
    .split('\n### alertmanager\n')[1]
    ?.split('\n### ')[0]
    ?.split('\n#### ') ?? [];

/** The recipe of docs/sources.md, word for word. */
export const recipe = readRecipe(single);

/** Its variant for two teams. */
export const recipeForTwoTeams = readRecipe(twoTeams);

function readRecipe(section: string): Recipe {
  const [configuration = '', sources = ''] = Array.from(
    section.matchAll(/^```yaml\n(.*?)^```$/gms),
    ([, yaml = '']) => yaml,
  );
  return { configuration: parse(configuration) as AlertmanagerConfiguration, sources };
}

/** What a trial changes of the recipe. */
export interface Trial {
  /** The address that stands for `https://…`. */
  url: string;
  /** Where the file of each token is, by the name of the receiver. */
  tokenFile: (receiver: string) => string;
  /** The address of the reader's own receiver, which pages people. */
  onCallUrl: string;
  /** Leaves `max_alerts` out. */
  sendsAllAlerts?: boolean;
}

/** The recipe with the addresses and files of a trial, and with seconds in the place of its minutes and hours. */
export function configurationFor(
  { route, receivers }: AlertmanagerConfiguration,
  { url, tokenFile, onCallUrl, sendsAllAlerts = false }: Trial,
): AlertmanagerConfiguration {
  return {
    route: hasten({ group_wait: '', group_interval: '', repeat_interval: '', ...route }),
    receivers: receivers.map(({ name, webhook_configs: webhooks }) => ({
      name,
      webhook_configs: webhooks?.map(({ max_alerts: most, ...webhook }) => ({
        ...webhook,
        url: webhook.url.replace('https://…', url),
        ...(!sendsAllAlerts && most !== undefined && { max_alerts: most }),
        http_config: { authorization: { type: 'Bearer', credentials_file: tokenFile(name) } },
      })) ?? [{ url: onCallUrl }],
    })),
  };
}

const seconds: Record<string, string> = {
  group_wait: '500ms',
  group_interval: '1s',
  repeat_interval: '2s',
};

function hasten(route: Route): Route {
  const hastened = Object.entries(route).map(([key, value]) => [key, seconds[key] ?? value] as const);
  return {
    ...(Object.fromEntries(hastened) as Route),
    ...(route.routes && { routes: route.routes.map(hasten) }),
  };
}
