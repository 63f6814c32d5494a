import type { Environment } from '../../platform/function-compute.ts';
import type { Log } from '../../platform/log.ts';
import { isChatAddress, type AnswerAddress } from '../../task.ts';
import type { CompiledChannel, Language } from '../configuration.ts';
import type { News } from '../news.ts';
import { chatAnswers, isInterim } from './chat-answer.ts';
import type { ChannelAddress, ChannelProtocol } from './channel.ts';
import { deliver, type DeliveryWorld, type Patience } from './deliver.ts';
import { openChannel, protocols } from './open-channel.ts';

/** How many of those who should be told could be. */
export interface Reach {
  reached: number;
  tried: number;
}

/** Tells everybody at once. Never throws, and leaves nothing open when it returns. */
export type Tell = (news: News) => Promise<Reach>;

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
}

/** A channel that hangs costs this, whatever the others do. */
const patienceOfChannels: Patience = { attempts: 3, attemptMs: 5_000, totalMs: 15_000 };

/**
 * Reads addresses and keys from the environment, once. A channel that cannot be used stays closed, and the log says
 * which variable and why, and never the value.
 */
export function openNotifier(
  channels: readonly CompiledChannel[],
  env: Environment,
  log: Log,
  world: DeliveryWorld,
  patience: Patience = patienceOfChannels,
): Notifier {
  const receivers = channels.map((channel): Receiver => {
    const receiver = { kind: channel.kind, variable: channel.url, protocol: protocols[channel.kind] };
    const opened = openChannel(channel, env);
    if ('url' in opened) return { ...receiver, address: opened };
    log('error', 'a channel is closed', { kind: channel.kind, ...opened });
    return receiver;
  });
  const language = channels[0]?.language ?? 'en';

  return {
    forTask: (answerAt, taskLog) => {
      const chat = answerAt && openChatAnswer(answerAt, language);
      let answersLeft = answerAt?.chat === 'slack' ? answersOfSlack : Infinity;

      const tellOne = async (receiver: Receiver, news: News, limits: Patience) => {
        const { kind, variable, protocol, address } = receiver;
        const result = address
          ? await deliver(news, address, protocol, limits, world)
          : {
              verdict: { isTaken: false, reason: 'it is closed: see the log of the start' } as const,
              attempts: 0,
            };
        const { verdict, attempts } = result;
        if (!verdict.isTaken) {
          const { event, changeOrderId } = news;
          const facts = { kind, variable, event, changeOrderId, reason: verdict.reason, attempts };
          taskLog('error', 'a channel could not be told', facts);
        }
        return { isTaken: verdict.isTaken, attempts };
      };

      const tellChat = async (receiver: Receiver, news: News) => {
        // One is kept for the end, which is what people wait for.
        const attempts = Math.min(patience.attempts, answersLeft - (isInterim(news) ? 1 : 0));
        if (attempts < 1) return undefined;
        answersLeft -= attempts;
        const told = await tellOne(receiver, news, { ...patience, attempts });
        answersLeft += attempts - told.attempts;
        return told;
      };

      return async (news) => {
        const told = await Promise.all([
          ...receivers.map((receiver) => tellOne(receiver, news, patience)),
          ...(chat ? [tellChat(chat, news)] : []),
        ]);
        const tried = told.filter((each) => each !== undefined);
        return { reached: tried.filter(({ isTaken }) => isTaken).length, tried: tried.length };
      };
    },
  };
}

/**
 * Slack takes five at a `response_url` within 30 minutes; the webhook may have used one. An attempt counts as one,
 * whatever became of it. https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 */
const answersOfSlack = 4;

/** The address came with a message, so it is looked at once more before anything goes there. */
function openChatAnswer(answerAt: AnswerAddress, language: Language): Receiver {
  const receiver = { kind: `${answerAt.chat} answer`, protocol: chatAnswers[answerAt.chat] };
  return isChatAddress(answerAt) ? { ...receiver, address: { url: answerAt.url, language } } : receiver;
}
