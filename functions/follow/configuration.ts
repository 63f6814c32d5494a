import type { Language } from '../lib/language.ts';

/** Where people are told, as the build writes it into the bundle: plain JSON, without secrets. */
export interface CompiledChannel {
  kind: ChannelKind;
  /** The environment variable that holds the address. It is a secret: it lets anyone write there. */
  url: string;
  /** The environment variable that holds the key under which the message is signed. */
  secret?: string | undefined;
  language: Language;
}

export const channelKinds = ['dingtalk', 'feishu', 'wecom', 'slack', 'webhook'] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** What the build writes into the bundle of the follow function. */
export interface FollowConfiguration {
  version: string;
  notify: readonly CompiledChannel[];
  /** Whether events tell how change orders end. Undefined: no. */
  hearsEnds?: boolean;
}
