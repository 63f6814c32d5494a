import type { ChannelKind, CompiledChannel } from '../../functions/follow/configuration.ts';
import type { RollbackPolicy } from '../../functions/select/policy.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import type { Report } from './position.ts';
import type { ChannelSettings } from './sources-schema.ts';

/** Whether a channel's messages are signed, and why not where they cannot be. */
const signatures: Record<ChannelKind, 'required' | 'optional' | { none: string }> = {
  // https://open.dingtalk.com/document/robots/customize-robot-security-settings
  dingtalk: 'optional',
  // https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
  feishu: 'optional',
  // https://developer.work.weixin.qq.com/document/path/91770
  wecom: { none: 'WeCom' },
  // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
  slack: { none: 'Slack' },
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
  webhook: 'required',
};

/** Where people are told, as the function reads it. Reports what cannot work. */
export function compileNotify(
  channels: readonly ChannelSettings[],
  sources: readonly CompiledSource[],
  events: readonly RollbackPolicy[],
  report: Report,
): CompiledChannel[] {
  if (channels.length > 0 && ![...sources, ...events].some(({ follow }) => follow)) {
    report(
      ['notify'],
      'no source is followed, so no message would be sent: take follow: false out of a source, or notify out',
    );
  }
  const taken = new Map(
    sources.flatMap(({ name, secrets }) =>
      secrets.map((variable) => [variable, `is a secret of the source ${name}, and would be sent elsewhere`]),
    ),
  );
  for (const [index, channel] of channels.entries()) {
    checkSecret(channel, (message) => {
      report(['notify', index, 'secret' in channel ? 'secret' : 'kind'], message);
    });
    for (const key of ['url', 'secret'] as const) {
      const variable = channel[key];
      if (variable === undefined) continue;
      const fault = taken.get(variable);
      if (fault !== undefined) report(['notify', index, key], `${variable} ${fault}: take another variable`);
      taken.set(variable, 'is named by notify already');
    }
  }
  return channels.map(({ kind, url, secret, language }) => ({ kind, url, secret, language }));
}

function checkSecret({ kind, secret }: ChannelSettings, report: (message: string) => void): void {
  const signature = signatures[kind];
  if (signature === 'required' && secret === undefined) {
    report(`a ${kind} is signed, so it needs a key: secret: NOTIFY_WEBHOOK_SECRET`);
  }
  if (typeof signature === 'object' && secret !== undefined) {
    report(`${signature.none} takes no signed messages, its address alone is the key: take this out`);
  }
}
