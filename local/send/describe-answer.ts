import { errorCatalogue, type ErrorCode } from '../../functions/errors.ts';
import { toRecord, toText } from '../../functions/record.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import type { Answer } from './post.ts';

/** What an answer means: the sentence for the people of a chat, and what its code stands for. */
export function describeAnswer({ reply }: Pick<CompiledSource, 'reply'>, { status, text }: Answer): string[] {
  const body = parse(text);
  const message = reply === 'json' ? undefined : textOfChat(body);
  const code = toText(body['code']) ?? /\(([a-z_]+)\)$/.exec(message ?? '')?.[1];
  return [
    ...(message === undefined ? [] : [message]),
    ...(isErrorCode(code) ? [`${errorCatalogue[code].title}: docs/errors.md#${code}`] : []),
    ...(status >= 300 && status <= 399
      ? ['This is a redirection, and is not followed: is --url right?']
      : []),
  ];
}

function parse(text: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Slack's, DingTalk's and Feishu's messages have it in places of their own. */
function textOfChat({ text, toast }: Record<string, unknown>): string | undefined {
  const message = toText(text) ?? toText(toRecord(text)['content']) ?? toText(toRecord(toast)['content']);
  return message?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCatalogue, code);
}
