/** What to type, for answers. */
export const chatUsage = 'rollback <change order id>';

/** Characters. What is longer is a conversation. */
const longestCommand = 500;

/**
 * What follows the verb in a chat message such as `rollback dc5133d7-…` or `@bot 回滚 dc5133d7-…`; undefined where the
 * message is anything but a command. Mentions, punctuation and line breaks may stand around it, full-width characters and
 * typographic dashes in it. A slash command, `/rollback dc5133d7-…`, brings its own verb. A sentence that only contains
 * the verb, such as "do not roll back", is no command, and neither is a question.
 */
export function readChatCommand(message: string): string | undefined {
  if (message.length > longestCommand) return undefined;
  const normal = normalise(message);
  if (normal.trimEnd().endsWith('?')) return undefined;
  const text = withoutPrefix(normal);
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

/** Without mentions, `<@U0123>`, `@bot`, `@_user_1`, and without the name of a slash command that is not itself the verb. */
function withoutPrefix(text: string): string {
  const mentions = matcher(String.raw`^(?:\s|[\p{P}\p{S}]*<?@[^\s>]+>?[,:]?)+`);
  const rest = trim(text.replace(mentions, ''));
  return rest.replace(matcher(`^/(?=${verb})`), '').replace(/^\/\S+\s*/, '');
}

/** Without the punctuation, symbols and blanks at both ends; a slash at the beginning names a command. */
function trim(text: string): string {
  return text
    .replace(matcher(String.raw`^[^\p{L}\p{N}/]+`), '')
    .replace(matcher(String.raw`[^\p{L}\p{N}]+$`), '');
}
