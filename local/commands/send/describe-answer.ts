import { errorCatalogue, type ErrorCode } from '../../../functions/errors.ts';
import { toRecord, toText } from '../../../functions/lib/json.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import type { Answer } from './post.ts';

/** Describes an answer: its sentence for the people of a chat, and the title of its code. */
export function describeAnswer(source: Pick<CompiledSource, 'reply'>, answer: Answer): string[] {
  const { status } = answer;
  const { message, code } = readAnswer(source, answer);
  return [
    ...(message === undefined ? [] : [message]),
    ...(isErrorCode(code) ? [`${errorCatalogue[code].title}: docs/errors.md#${code}`] : []),
    ...(status >= 300 && status <= 399 ? ['This is a redirection, and is not followed. Check --url.'] : []),
  ];
}

/** Reads an answer of the function: its sentence for the people of a chat, its code, and its outcome. */
export function readAnswer(
  { reply }: Pick<CompiledSource, 'reply'>,
  { text }: Pick<Answer, 'text'>,
): { message: string | undefined; code: string | undefined; outcome: string | undefined } {
  const body = parse(text);
  const message = reply === 'json' ? undefined : textOfChat(body);
  const code = toText(body['code']) ?? /\(([a-z_]+)\)$/.exec(message ?? '')?.[1];
  return { message, code, outcome: toText(body['outcome']) };
}

function parse(text: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Slack, DingTalk and Feishu have it in different fields. */
function textOfChat({ text, toast }: Record<string, unknown>): string | undefined {
  const message = toText(text) ?? toText(toRecord(text)['content']) ?? toText(toRecord(toast)['content']);
  return message?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCatalogue, code);
}
