import { toRecord, toText } from '../../lib/json.ts';
import type { Expression, JSONValue } from '../source/expression.ts';
import { evaluate } from './evaluate.ts';

/** What to type, for answers. */
export const chatUsage = 'rollback <change order id>';

/** Characters. What is longer is a conversation. */
const longestCommand = 500;

/** What follows the verb in the message of a chat; undefined where the message is no command. */
export async function selectCommand(chatText: Expression, payload: JSONValue): Promise<string | undefined> {
  const message = await evaluate(chatText, payload, 'the text of the message');
  return typeof message === 'string' ? readChatCommand(contentOf(message)) : undefined;
}

/** Feishu writes the content of a message as JSON, `{"text":"@_user_1 rollback …"}`; other senders as text. */
function contentOf(message: string): string {
  try {
    return toText(toRecord(JSON.parse(message))['text']) ?? '';
  } catch {
    return message;
  }
}

/**
 * What follows the verb in a chat message such as `rollback dc5133d7-…`, `@bot 回滚 dc5133d7-…` or `/rollback
 * dc5133d7-…`; undefined where the message is anything but a command. Mentions, quotation marks, punctuation and line
 * breaks may stand around it, full-width characters and typographic dashes in it. A sentence that only contains the
 * verb, such as "do not roll back", is no command, and neither is a question, a quotation (`>`) or what was struck out
 * (`~`).
 */
export function readChatCommand(message: string): string | undefined {
  if (message.length > longestCommand) return undefined;
  const normal = normalise(message);
  if (/[?\u061f]/.test(normal)) return undefined;
  const text = withoutMentions(normal)?.replace(/^\//, '') ?? '';
  const [found] = matcher(String.raw`^(?:${verb})`).exec(text) ?? [];
  return found === undefined ? undefined : trim(text.slice(found.length));
}

// The second is 回滚. Chinese is written without a blank after it, but another character would make another word of it.
const verb = String.raw`roll[ -]?back(?![\p{L}\p{N}])|\u56de\u6eda(?!\p{Script=Han})`;

/**
 * A regular expression over Unicode, made where it is needed. V8 reads Unicode's tables for those that are written out
 * while it loads the file: a millisecond of every cold start, and most requests hold no message.
 */
function matcher(source: string): RegExp {
  return new RegExp(source, 'giu');
}

/** Full-width letters, digits and signs in their usual width, every dash as `-`, every run of blanks as one. */
function normalise(message: string): string {
  return message
    .normalize('NFKC')
    .replaceAll(matcher(String.raw`\p{Pd}|\u2212`), '-')
    .replaceAll(matcher(String.raw`\p{Cf}`), '')
    .replaceAll(/\s+/g, ' ');
}

/**
 * Without the mentions at its beginning: `<@U0123>`, `@_user_1`, `@bot`. Undefined where one of them is no mere name:
 * Chinese is written without blanks, so `@bot不要 回滚 …` looks like one. That cannot be told for every word there is; see
 * docs/decisions/0006.
 */
function withoutMentions(message: string): string | undefined {
  let text = trim(message);
  for (;;) {
    const [mention, name] = matcher(String.raw`^(?:<@[^\s<>]+>|@([\p{L}\p{N}_.-]+))`).exec(text) ?? [];
    if (mention === undefined) return text;
    if (name !== undefined && matcher(negation).test(name)) return undefined;
    text = trim(text.slice(mention.length));
  }
}

// Characters with which a name does not end, but a prohibition does: 不 别 勿 莫 没 未 禁 停 要, and words between dashes.
const negation = String.raw`[\u4e0d\u522b\u52ff\u83ab\u6ca1\u672a\u7981\u505c\u8981]|(?:^|[-_.])(?:no|not|dont|never|stop|cancel)$`;

// Blanks, quotation marks of East and West, emphasis, brackets, commas and full stops. Nothing that turns a sense
// round.
const around = String.raw`[\s"'\u2018-\u201d\u0060*_()\[\]{}\u3001\u3002\u3008-\u3011,.:;!]+`;

function trim(text: string): string {
  return text.replace(matcher(`^${around}`), '').replace(matcher(`${around}$`), '');
}
