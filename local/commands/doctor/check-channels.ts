import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { readChannelSettings } from '../../../functions/follow/notify/channel-settings.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { right, warning, wrong, type Finding } from './finding.ts';

/** Each channel of `notify`: the variables that hold its address and its key. */
export function checkChannels(notify: readonly CompiledChannel[], env: Environment): Finding[] {
  return notify.map((channel) => checkChannel(channel, env));
}

function checkChannel(channel: CompiledChannel, env: Environment): Finding {
  const { kind, url, secret } = channel;
  const variables = [url, secret].filter((variable) => variable !== undefined);
  const missing = variables.find((variable) => !env[variable]);
  if (missing !== undefined) {
    return warning(
      `${missing} is empty, so this ${kind} channel gets no messages`,
      'Put its value into .env, or take the channel out of notify in sources.yaml.',
    );
  }
  const opened = readChannelSettings(channel, env);
  if ('reason' in opened)
    return wrong(opened.reason, 'Put the right value into .env: see docs/notifications.md.');
  return right(`${variables.join(', ')} (${kind}) can be used`);
}
