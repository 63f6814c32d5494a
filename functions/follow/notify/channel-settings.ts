import { isLoopback } from '../../alibaba/origin.ts';
import { type Environment, readVariable } from '../../platform/settings.ts';
import type { ChannelKind, CompiledChannel } from '../configuration.ts';
import type { ChannelAddress, ChannelProtocol } from './channel.ts';
import { dingTalk } from './dingtalk.ts';
import { feishu } from './feishu.ts';
import { slack } from './slack.ts';
import { webhook } from './webhook.ts';
import { weCom } from './wecom.ts';

export const protocols: Record<ChannelKind, ChannelProtocol> = {
  dingtalk: dingTalk,
  feishu,
  wecom: weCom,
  slack,
  webhook,
};

/** Why a channel cannot be used: the variable, and what is wrong with its value. The value itself is left out. */
export interface ChannelFault {
  variable: string;
  reason: string;
}

/** Reads address and key of a channel from the environment. */
export function readChannelSettings(
  channel: CompiledChannel,
  env: Environment,
): ChannelAddress | ChannelFault {
  const { kind, language, url: urlVariable, secret: secretVariable } = channel;
  const url = readVariable(env[urlVariable]);
  if ('fault' in url) return faultOf(urlVariable, url.fault);
  const addressFault = faultOfAddress(url.text);
  if (addressFault !== undefined) return faultOf(urlVariable, addressFault);
  const address = { url: withoutFragment(url.text), language };

  const { readKey } = protocols[kind];
  if (secretVariable === undefined || !readKey) {
    if (kind !== 'webhook') return address;
    return faultOf(urlVariable, 'has no secret beside it, so the receiver could not verify a message');
  }
  const secret = readVariable(env[secretVariable]);
  if ('fault' in secret) return faultOf(secretVariable, secret.fault);
  const key = readKey(secret.text);
  return key
    ? { ...address, key }
    : faultOf(secretVariable, 'cannot be decoded: it must be base64, with or without whsec_ before it');
}

function faultOf(variable: string, fault: string): ChannelFault {
  return { variable, reason: `${variable} ${fault}` };
}

function faultOfAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is no address, such as https://example.com/hook';
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return 'holds a user name or password, which would not be sent';
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined;
  return 'must be https; plain http is for loopback addresses only';
}

/** What follows `#` is never sent, and would swallow a signature that is appended. */
function withoutFragment(text: string): string {
  const url = new URL(text);
  url.hash = '';
  return url.href;
}
