import type { Language } from '../../lib/language.ts';
import { onOneLine } from '../../lib/text-for-people.ts';
import { idsIn } from '../../select/identifier.ts';
import type { CommandFault } from './command-fault.ts';

/** What a command says: roll it back, or, where people are asked, leave it alone. */
export type Verb = 'rollback' | 'leave';

/** A message as a command: the order that it names, or what is wrong, with the words that are. */
export type Command = { language: Language } & (
  | { verb: Verb; changeOrderId: string }
  | {
      fault: CommandFault;
      /** Undefined where no verb could be read. */
      verb?: Verb;
      /** Of the message, fit to be shown; empty where no words say more than the fault. */
      words: string;
    }
);

/** Characters. What is longer is a conversation. */
const longestCommand = 500;

/** Characters of a message in an answer: two ids with a comma between them. */
const longestWords = 80;

/**
 * Reads what a person wrote: in a chat, a comment, a title, the message of a commit. A command is a verb, one id, and
 * nothing else: `rollback dc5133d7-…`, `@bot 回滚 dc5133d7-…`, `/rollback dc5133d7-…`. Mentions, punctuation, emphasis and
 * line breaks may stand around it, full-width characters and typographic dashes in it. A sentence that only contains the
 * verb, such as "do not roll back", is no command, and neither is a question, a quotation, code, or what was struck out.
 * docs/decisions/0006-chats.md
 *
 * @param decides whether people decide here: only then `leave dc5133d7-…`, `保留 dc5133d7-…` or `忽略 dc5133d7-…` is a command
 */
export function readCommand(message: string, decides = false): Command {
  if (message.length > longestCommand) return faulty('too_long', '', 'en');
  const text = normalise(message);
  const language = languageOf(text);
  // Markdown shows as code what is indented so far.
  if (/^(?: {4}|\t)/.test(message)) return faulty('quotation', '', language);
  const { rest: addressed, suspicion } = withoutMentions(text);
  if (suspicion !== undefined) return faulty('not_only_a_name', suspicion, language);
  if (addressed === '') return faulty('no_text', '', language);
  if (asksForHelp(addressed)) return faulty('help', '', language);
  if (/[?\u061f]|[.\u3002]{2}/.test(addressed)) return faulty('question', '', language);
  if (/^["'\u2018-\u201d\u300c-\u300f\u0060>~]/.test(addressed)) return faulty('quotation', '', language);
  if (decides) {
    const [found] = matcher(leaveVerb).exec(addressed) ?? [];
    if (found !== undefined) return readId(addressed.slice(found.length), 'leave', languageOf(found));
  }
  return readVerb(addressed.replace(/^\//, ''), language);
}

function faulty(fault: CommandFault, words: string, language: Language): Command {
  return { fault, words: onOneLine(words, longestWords), language };
}

// The second are 回滚 and 回滾. Chinese is written without a blank after it, but another character would make another
// word of it.
const verb = String.raw`(?:[Rr][Oo][Ll][Ll][ -]?[Bb][Aa][Cc][Kk](?![\p{L}\p{N}])|\u56de[\u6eda\u6efe](?!\p{Script=Han}))`;

// Behind the other verb, too: people who type `/rollback <id>` have no slash command `/leave`. The Chinese ones are 保留 and
// 忽略, simplified and traditional.
const leaveVerb = String.raw`^/?(?:${verb}\s+/?)?(?:[Ll][Ee][Aa][Vv][Ee](?![\p{L}\p{N}])|(?:\u4fdd\u7559|\u5ffd\u7565)(?!\p{Script=Han}))`;

function readVerb(text: string, languageOfText: Language): Command {
  // Twice where it follows a slash command that is the verb already.
  const [found] = matcher(String.raw`^${verb}(?:\s+/?${verb})*`).exec(text) ?? [];
  if (found === undefined) {
    const at = text.search(matcher(verb));
    const words = at > 0 ? text.slice(0, at) : text;
    return faulty('other_words', trim(words) || words, languageOfText);
  }
  return readId(text.slice(found.length), 'rollback', /^[\u0021-\u007e ]/.test(found) ? 'en' : 'zh');
}

function languageOf(words: string): Language {
  return /[\u4e00-\u9fff]/.test(words) ? 'zh' : 'en';
}

function readId(text: string, verb: Verb, language: Language): Command {
  const { rest, suspicion } = withoutMentionsBehind(text);
  if (suspicion !== undefined) return faulty('not_only_a_name', suspicion, language);
  const faultyId = (fault: CommandFault, words: string) => ({ ...faulty(fault, words, language), verb });
  if (rest === '') return faultyId('id_missing', '');
  const ids = [...new Set(idsIn(rest))];
  const [id, ...others] = ids;
  if (id === undefined) return faultyId('id_malformed', rest);
  if (others.length > 0) return faultyId('several_ids', ids.join(', '));
  if (rest.toLowerCase() === id) return { verb, changeOrderId: id, language };
  const beside = rest.split(new RegExp(id, 'i')).map(trim);
  return faultyId('words_beside_id', beside.filter((words) => words !== '').join(' … ') || rest);
}

// 帮助, 幫助, 说明, 說明.
const help = String.raw`(?:[Hh]elp|HELP|[Uu]sage|--?h(?:elp)?|[\u5e2e\u5e6b]\u52a9|[\u8bf4\u8aaa]\u660e)\?*|\?+`;

/** `help`, `rollback help`, `/rollback ?` */
function asksForHelp(text: string): boolean {
  return matcher(String.raw`^/?(?:${verb}\s*)*(?:${help})[.!]*$`).test(text);
}

/**
 * A regular expression over Unicode, made where it is needed. V8 reads Unicode's tables for those that are written out
 * while it loads the file: a millisecond of every cold start, and most requests hold no message. Without the flag `i`, for
 * which V8 would look at each letter of the world twice.
 */
function matcher(source: string): RegExp {
  return new RegExp(source, 'u');
}

/** Full-width letters, digits and signs in their usual width, every dash as `-`, every run of blanks as one. */
function normalise(message: string): string {
  return message
    .normalize('NFKC')
    .replaceAll(new RegExp(String.raw`\p{Pd}|\u2212`, 'gu'), '-')
    .replaceAll(new RegExp(String.raw`\p{Cf}`, 'gu'), '')
    .replaceAll(/\s+/g, ' ');
}

interface WithoutMentions {
  rest: string;
  /** A mention that may be more than a name. */
  suspicion?: string;
}

// `<@U0123>` in Slack, `@_user_1` in Feishu, which needs no blank behind it and hides nothing, and `@bot`.
const mention = String.raw`(?:<@[^\s<>]+>|@_(?:user_\d+|all)|@([\p{L}\p{N}_.-]+))`;

/**
 * Without the mentions at its beginning. Chinese is written without blanks, so `@bot不要 回滚 …` looks like a name. That
 * cannot be told for every word there is; see docs/decisions/0006.
 */
function withoutMentions(message: string): WithoutMentions {
  return strip(trimStart(message), String.raw`^${mention}`, (text, length) => trimStart(text.slice(length)));
}

/** The same for those at its end. */
function withoutMentionsBehind(message: string): WithoutMentions {
  return strip(trim(message), `${mention}$`, (text, length) => trim(text.slice(0, -length)));
}

function strip(
  message: string,
  place: string,
  without: (text: string, length: number) => string,
): WithoutMentions {
  let rest = message;
  for (;;) {
    const [found, name] = matcher(place).exec(rest) ?? [];
    if (found === undefined) return { rest };
    if (name !== undefined && matcher(negation).test(name.toLowerCase())) return { rest, suspicion: found };
    rest = without(rest, found.length);
  }
}

// Characters with which a name does not end, but a prohibition does, simplified and traditional (不 别 勿 莫 没 无 未 非 否
// 免 禁 停 止 消 撤 拒 缓 等 要), and words between dashes.
const negation = String.raw`[\u4e0d\u522b\u5225\u52ff\u83ab\u6ca1\u6c92\u65e0\u7121\u672a\u975e\u5426\u514d\u7981\u505c\u6b62\u6d88\u64a4\u62d2\u7f13\u7de9\u7b49\u8981]|(?:^|[-_.])(?:no|not|dont|never|stop|cancel)$`;

// Commas, stops and emphasis that touches the words: neither the mark of an item of a list, nor of a quotation.
const before = String.raw`(?:[\s,.:;!\u3001\u3002\u3010\u3011]|[*_](?!\s))+`;

function trimStart(text: string): string {
  return text.replace(matcher(`^${before}`), '').replace(/\s+$/, '');
}

// Blanks, quotation marks of East and West, emphasis, brackets, commas and full stops. Nothing that turns a sense
// round.
const around = String.raw`[\s"'\u2018-\u201d\u0060*_()\[\]{}\u3001\u3002\u3008-\u3011,.:;!]+`;

function trim(text: string): string {
  return text.replace(matcher(`^${around}`), '').replace(matcher(`${around}$`), '');
}
