import type { Log } from '../../platform/log.ts';
import type { Environment } from '../../platform/settings.ts';
import { isChatAddress, type AnswerAddress } from '../../task.ts';
import type { Language } from '../../lib/language.ts';
import type { CompiledChannel } from '../configuration.ts';
import { isInterim, type Notification } from '../rollback-event.ts';
import { readChannelSettings, protocols } from './channel-settings.ts';
import { chatAnswers } from './chat-answer.ts';
import { send, type SendRuntime, type Receiver, type RetryLimits } from './send.ts';

/** How many of the channels accepted a notification. */
export interface Reach {
  reached: number;
  tried: number;
}

/** Sends one notification everywhere at once. Never throws, and leaves nothing open when it returns. */
export type SendNotification = (notification: Notification) => Promise<Reach>;

export interface Notifier {
  /**
   * How the notifications of one task are sent.
   *
   * @param answerAt where the people of a chat wait for them, besides the channels
   * @param log of the task: each channel that did not accept a notification is an error in it
   */
  forTask: (answerAt: AnswerAddress | undefined, log: Log) => SendNotification;
}

/** A channel that does not answer holds a notification up for 15 s at most. */
const channelLimits: RetryLimits = { attempts: 3, attemptMs: 5_000, totalMs: 15_000 };

/**
 * Reads addresses and keys from the environment, once. A channel that cannot be used stays closed, and the log says
 * which variable and why, and never the value.
 */
export function createNotifier(
  channels: readonly CompiledChannel[],
  env: Environment,
  log: Log,
  runtime: SendRuntime,
  limits: RetryLimits = channelLimits,
): Notifier {
  const receivers = channels.map((channel) => createReceiver(channel, env, log));
  return {
    forTask: (answerAt, taskLog) => {
      const chat = answerAt && createChatReceiver(answerAt, languageIn(answerAt, channels));
      const answer = async (notification: Notification) => {
        const attempts = chat ? Math.min(limits.attempts, attemptsFor(notification, chat)) : 0;
        if (!chat || attempts < 1) return;
        const delivery = await send(notification, chat.receiver, { ...limits, attempts }, runtime, taskLog);
        chat.attemptsLeft -= delivery.attempts;
      };
      return async (notification) => {
        const [deliveries] = await Promise.all([
          Promise.all(receivers.map((receiver) => send(notification, receiver, limits, runtime, taskLog))),
          answer(notification),
        ]);
        // The chat does not count: its address expires after half an hour, and can be used by anybody who saw the
        // message.
        const reached = deliveries.filter(({ verdict }) => verdict.accepted).length;
        return { reached, tried: deliveries.length };
      };
    },
  };
}

function createReceiver(channel: CompiledChannel, env: Environment, log: Log): Receiver {
  const { kind, url: variable } = channel;
  const receiver = { kind, variable, protocol: protocols[kind] };
  const opened = readChannelSettings(channel, env);
  if ('url' in opened) return { ...receiver, address: opened };
  log('error', 'a channel is closed', { kind, ...opened });
  return { ...receiver, fault: opened.reason };
}

/** The chat in which a rollback was asked for, and how often it can still be answered. */
interface ChatReceiver {
  receiver: Receiver;
  attemptsLeft: number;
}

/**
 * Slack takes five at a `response_url` within 30 minutes; the webhook may have used one. An attempt counts as one,
 * whatever its result. https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 */
const slackAnswers = 4;

/** The address came with a message, so it is checked once more before anything is sent there. */
function createChatReceiver(answerAt: AnswerAddress, language: Language): ChatReceiver {
  const { chat, url } = answerAt;
  const receiver = { kind: `${chat} answer`, protocol: chatAnswers[chat] };
  return {
    receiver: isChatAddress(answerAt)
      ? { ...receiver, address: { url, language } }
      : { ...receiver, fault: "its address is not the chat's own" },
    attemptsLeft: chat === 'slack' ? slackAnswers : Infinity,
  };
}

/** One attempt is kept for the end, which is what people wait for. */
function attemptsFor({ event }: Notification, { attemptsLeft }: ChatReceiver): number {
  return isInterim(event) ? attemptsLeft - 1 : attemptsLeft;
}

/** That of the first answer; where it is not known, of the first channel of the chat's own kind, or else of the first channel. */
function languageIn({ chat, language }: AnswerAddress, channels: readonly CompiledChannel[]): Language {
  if (language !== undefined) return language;
  const channel = channels.find(({ kind }) => kind === chat) ?? channels[0];
  return channel?.language ?? 'en';
}
