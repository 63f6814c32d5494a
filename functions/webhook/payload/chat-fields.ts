import { evaluateText } from '../../select/evaluate.ts';
import type { JSONValue } from '../../select/expression.ts';
import { isChatAddress, type AnswerAddress } from '../../task.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import { selectCommand, type TypedCommand } from './select-command.ts';

/** The chat's own id of who writes, where people decide in that chat. */
export async function selectPerson(source: CompiledSource, payload: JSONValue): Promise<string | undefined> {
  return source.person && evaluateText(source.person, payload, 'preset');
}

/** Characters: there is a limit to what a task can carry. */
const longestAddress = 2000;

/**
 * Where the people of a chat wait for the result. An address that is not the chat's own is none.
 *
 * @param command what a person wrote, where it has been read already
 */
export async function selectAnswerAddress(
  source: CompiledSource,
  payload: JSONValue,
  command?: TypedCommand,
): Promise<AnswerAddress | undefined> {
  const { answerAt, reply, mode, follow } = source;
  const isNeeded = follow || mode === 'deferred';
  if (!answerAt || !isNeeded || (reply !== 'slack' && reply !== 'dingtalk')) return undefined;
  const url = await evaluateText(answerAt, payload, 'answerAt');
  if (url === undefined || url.length > longestAddress) return undefined;
  const language = source.language ?? (command ?? (await selectCommand(source, payload)))?.language;
  const address = { chat: reply, url, language };
  return isChatAddress(address) ? address : undefined;
}
