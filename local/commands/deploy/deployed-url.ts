import { toRecord, toText } from '../../../functions/lib/json.ts';
import { findFunction } from '../../build/check-deployment.ts';
import { readDeployment } from '../../build/deployment.ts';

/**
 * The public address of the webhook function in what `s info --output-format raw` prints: one JSON object, by the names
 * of s.yaml, in which fc3 puts `url.system_url` for an HTTP trigger. Lines of the log may stand around it. Undefined
 * where there is no https address.
 * https://github.com/devsapp/fc3/blob/master/src/subCommands/info/index.ts
 *
 * @param template the text of the s.yaml
 */
export function deployedUrl(info: string, template: string): string | undefined {
  const webhook = findFunction(readDeployment(template).functions, 'webhook')?.name ?? '';
  const all = parse(info);
  // With one function in s.yaml, its name is left out.
  const own = toRecord(all[webhook] ?? all);
  const url = toText(toRecord(own['url'])['system_url']);
  return url !== undefined && URL.canParse(url) && url.startsWith('https://')
    ? new URL(url).origin
    : undefined;
}

function parse(info: string): Record<string, unknown> {
  for (const line of info.split('\n').toReversed()) {
    try {
      const value = toRecord(JSON.parse(line));
      if (Object.keys(value).length > 0) return value;
    } catch {
      // A line of the log.
    }
  }
  return {};
}
