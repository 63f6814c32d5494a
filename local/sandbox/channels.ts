import path from 'node:path';
import {
  channelKinds,
  type ChannelKind,
  type CompiledChannel,
} from '../../functions/follow/configuration.ts';
import type { MessageReceiver, ReceiverOptions } from '../stand-ins/channels/receiver.ts';

/** Keys that are in no way secret: they work in the sandbox only. */
const keys = {
  dingtalk: 'SEC-sandbox-dingtalk-key',
  feishu: 'sandbox-feishu-key',
  webhook: `whsec_${Buffer.from('sandbox-key-of-a-standard-webhook').toString('base64')}`,
} as const;

/** With which the stand-in for the channels checks what it gets. */
export const receiverKeys: NonNullable<ReceiverOptions['secrets']> = keys;

/** The channels of sources.yaml; where it has none, one of each kind, so that all can be seen. */
export function sandboxChannels(notify: readonly CompiledChannel[]): readonly CompiledChannel[] {
  return notify.length > 0 ? notify : channelKinds.map(exampleOf);
}

function exampleOf(kind: ChannelKind): CompiledChannel {
  const name = `SANDBOX_${kind.toUpperCase()}`;
  const isChinese = kind === 'dingtalk' || kind === 'feishu' || kind === 'wecom';
  return {
    kind,
    url: `${name}_URL`,
    secret: kind in keys ? `${name}_SECRET` : undefined,
    language: isChinese ? 'zh' : 'en',
  };
}

/** The variables that the channels name, so that what is told comes to the stand-in. */
export function channelVariables(
  channels: readonly CompiledChannel[],
  receiver: MessageReceiver,
): Record<string, string> {
  const pairs = channels.flatMap(({ kind, url, secret }) => {
    const address = [url, receiver.urlOf(kind)] as const;
    const key = kind === 'wecom' || kind === 'slack' ? undefined : keys[kind];
    return secret === undefined || key === undefined ? [address] : [address, [secret, key] as const];
  });
  return Object.fromEntries(pairs);
}

/** What makes a task answer in the stand-in of a chat, and never in a real one. */
export function chatRedirection(receiver: MessageReceiver): Record<string, string> {
  const standIns = {
    'hooks.slack.com': receiver.urlOf('slack-answer'),
    'oapi.dingtalk.com': receiver.urlOf('dingtalk-answer'),
  };
  const preload = path.join(import.meta.dirname, 'redirect-chats.cjs');
  return { SANDBOX_CHATS: JSON.stringify(standIns), NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
}
