import { toRecord, toText } from '../../lib/json.ts';
import { evaluate, evaluateText } from '../../select/evaluate.ts';
import type { JSONValue } from '../../select/expression.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import { readCommand, type Command } from './command.ts';

/** A command, and how people address the function where it was typed: `@robot`, `/rollback`, or nothing. */
export type TypedCommand = Command & {
  salutation: string;
  /** Whether people decide where it was typed, so that there is a second verb. */
  decides?: boolean;
};

/**
 * What a person wrote, read as a command; undefined for a source to which people do not write.
 *
 * @throws Problem `payload_malformed` where the expression fails
 */
export async function selectCommand(
  { command, reply, salutation, decides }: CompiledSource,
  payload: JSONValue,
): Promise<TypedCommand | undefined> {
  if (!command) return undefined;
  const message = await evaluate(command, payload, 'command');
  const text = typeof message === 'string' && reply === 'feishu' ? textOfFeishu(message) : textOf(message);
  const spoken = salutation && (await evaluateText(salutation, payload, 'salutation'));
  const mayDecide = decides !== undefined;
  return { ...readCommand(text, mayDecide), salutation: spoken ?? '', decides: mayDecide };
}

/**
 * Feishu writes the content of a message as JSON: `{"text":"@_user_1 rollback …"}`, or a post with paragraphs, which is
 * what a mention in a topic, pasted and formatted text come as. A button's command is plain text.
 * https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content
 */
function textOfFeishu(message: string): string {
  let content: Record<string, unknown>;
  try {
    content = toRecord(JSON.parse(message));
  } catch {
    return message;
  }
  const paragraphs: unknown = content['content'];
  if (!Array.isArray(paragraphs)) return toText(content['text']) ?? '';
  return [toText(content['title']) ?? '', ...paragraphs.map(textOf)].join('\n');
}

/**
 * Text, or the parts of a text: `content.richText` of DingTalk, where a mention is a part as well, and a paragraph of
 * Feishu. https://open.dingtalk.com/document/orgapp/receive-message
 */
function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(textOfPart).join(' ') : (toText(value) ?? '');
}

/** What is no text stands there as `<img>`: a picture beside a command can say anything. */
function textOfPart(part: unknown): string {
  const { tag, type, text, style, user_id: user } = toRecord(part);
  if (tag === 'at') return `<@${toText(user) ?? 'somebody'}>`;
  if ((tag === undefined || tag === 'text') && typeof text === 'string') {
    return Array.isArray(style) && style.includes('lineThrough') ? `~${text}~` : text;
  }
  return tag === 'code_block' ? `\`${toText(text) ?? ''}\`` : `<${toText(tag ?? type) ?? 'no text'}>`;
}
