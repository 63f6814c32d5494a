import type { Log } from '../../platform/log.ts';
import type { Environment } from '../../platform/settings.ts';
import { isChatAddress, type AnswerAddress } from '../../task.ts';
import type { CompiledChannel, Language } from '../configuration.ts';
import { isInterim, type Notification } from '../rollback-event.ts';
import type { ChannelAddress, ChannelProtocol } from './channel.ts';
import { chatAnswers } from './chat-answer.ts';
import { deliver, type Delivery, type DeliveryRuntime, type RetryLimits } from './deliver.ts';
import { openChannel, protocols } from './open-channel.ts';

/** How many of the channels could be told. */
export interface Reach {
  reached: number;
  tried: number;
}

/**
 * Tells everybody at once, one piece of news after another. Never throws, and leaves nothing open when it returns.
 */
export type Tell = (news: Notification) => Promise<Reach>;

export interface Notifier {
  /**
   * How the news of one task is told.
   *
   * @param answerAt where the people of a chat wait for it, besides the channels
   * @param log of the task: each channel that could not be told is an error in it
   */
  forTask: (answerAt: AnswerAddress | undefined, log: Log) => Tell;
}

/** Somebody who should be told. */
interface Receiver {
  kind: string;
  /** The environment variable of its address, where it has one. */
  variable?: string | undefined;
  protocol: ChannelProtocol;
  /** Absent where it cannot be used. */
  address?: ChannelAddress | undefined;
  /** Why it cannot be used. */
  fault?: string | undefined;
}

/** How it is told. */
interface Means {
  patience: RetryLimits;
  world: DeliveryRuntime;
  /** Of the task. */
  log: Log;
}

/** What became of telling one receiver. */
interface Told {
  accepted: boolean;
  attempts: number;
}

/** A channel that hangs costs this, whatever the others do. */
const patienceOfChannels: RetryLimits = { attempts: 3, attemptMs: 5_000, totalMs: 15_000 };

/**
 * Reads addresses and keys from the environment, once. A channel that cannot be used stays closed, and the log says
 * which variable and why, and never the value.
 */
export function openNotifier(
  channels: readonly CompiledChannel[],
  env: Environment,
  log: Log,
  world: DeliveryRuntime,
  patience: RetryLimits = patienceOfChannels,
): Notifier {
  const receivers = channels.map((channel) => openReceiver(channel, env, log));
  return {
    forTask: (answerAt, taskLog) => {
      const means = { patience, world, log: taskLog };
      const tellChat = answerAt && chatTeller(answerAt, languageIn(answerAt, channels), means);
      return async (news) => {
        const [told] = await Promise.all([
          Promise.all(receivers.map((receiver) => tellOne(receiver, news, means))),
          tellChat?.(news),
        ]);
        // The chat does not count: its address ends after half an hour, and may come from whoever saw a message.
        return { reached: told.filter(({ accepted }) => accepted).length, tried: told.length };
      };
    },
  };
}

function openReceiver(channel: CompiledChannel, env: Environment, log: Log): Receiver {
  const { kind, url: variable } = channel;
  const receiver = { kind, variable, protocol: protocols[kind] };
  const opened = openChannel(channel, env);
  if ('url' in opened) return { ...receiver, address: opened };
  log('error', 'a channel is closed', { kind, ...opened });
  return { ...receiver, fault: opened.reason };
}

async function tellOne(
  receiver: Receiver,
  news: Notification,
  { patience, world, log }: Means,
): Promise<Told> {
  const { kind, variable, protocol, address, fault } = receiver;
  const { verdict, attempts } = address
    ? await deliver(news, address, protocol, patience, world)
    : closedBecause(fault);
  if (!verdict.accepted) {
    const { event, changeOrderId } = news;
    const facts = { kind, variable, event, changeOrderId, reason: verdict.reason, attempts };
    log('error', 'a channel could not be told', facts);
  }
  return { accepted: verdict.accepted, attempts };
}

function closedBecause(fault = "its address is not the chat's own"): Delivery {
  const verdict = { accepted: false, reason: `it is closed: ${fault}`, retryable: false } as const;
  return { verdict, attempts: 0 };
}

/**
 * Slack takes five at a `response_url` within 30 minutes; the webhook may have used one. An attempt counts as one,
 * whatever became of it. https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 */
const answersOfSlack = 4;

/** How the chat in which a rollback was asked for is told, as long as it takes answers. */
function chatTeller(
  answerAt: AnswerAddress,
  language: Language,
  means: Means,
): (news: Notification) => Promise<Told | undefined> {
  const chat = openChatAnswer(answerAt, language);
  let answersLeft = answerAt.chat === 'slack' ? answersOfSlack : Infinity;
  return async (news) => {
    // One is kept for the end, which is what people wait for.
    const usable = isInterim(news.event) ? answersLeft - 1 : answersLeft;
    if (usable < 1) return undefined;
    const attempts = Math.min(means.patience.attempts, usable);
    const told = await tellOne(chat, news, { ...means, patience: { ...means.patience, attempts } });
    answersLeft -= told.attempts;
    return told;
  };
}

/** The address came with a message, so it is looked at once more before anything goes there. */
function openChatAnswer(answerAt: AnswerAddress, language: Language): Receiver {
  const receiver = { kind: `${answerAt.chat} answer`, protocol: chatAnswers[answerAt.chat] };
  return isChatAddress(answerAt) ? { ...receiver, address: { url: answerAt.url, language } } : receiver;
}

/** That of the first channel of the chat's own kind, or else of the first channel. */
function languageIn({ chat }: AnswerAddress, channels: readonly CompiledChannel[]): Language {
  const channel = channels.find(({ kind }) => kind === chat) ?? channels[0];
  return channel?.language ?? 'en';
}
