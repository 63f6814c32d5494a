import { errorCatalogue, type ErrorCode } from '../../../functions/errors.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { readAnswer as readAnyAnswer } from '../../signing/read-answer.ts';
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
  const { code, outcome, chat } = readAnyAnswer(text);
  return { message: reply === 'json' ? undefined : chat, code, outcome };
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCatalogue, code);
}
