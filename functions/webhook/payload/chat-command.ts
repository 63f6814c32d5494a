/** What to type, for answers. */
export const chatUsage = 'rollback <change order id>';

// Chinese is written without a blank after the verb, but another character would make another word of it.
const verb = /^(?:roll[ -]?back(?![\p{L}\p{N}])|回滚(?!\p{Script=Han}))/iu;

/** Characters. What is longer is a conversation. */
const longestCommand = 500;

/**
 * What follows the verb in a chat message such as `rollback dc5133d7-…` or `@bot 回滚 dc5133d7-…`; undefined where the
 * message is anything but a command. Mentions, punctuation and line breaks may stand around it, full-width characters and
 * typographic dashes in it. A slash command, `/rollback dc5133d7-…`, brings its own verb. A sentence that only contains
 * the verb, such as "do not roll back", is no command.
 */
export function readChatCommand(message: string): string | undefined {
  if (message.length > longestCommand) return undefined;
  const text = withoutPrefix(normalise(message));
  const [found] = verb.exec(text) ?? [];
  return found === undefined ? undefined : trim(text.slice(found.length));
}

/** Full-width letters, digits and signs in their usual width, every dash as `-`, every run of blanks as one. */
function normalise(message: string): string {
  return message
    .normalize('NFKC')
    .replaceAll(/\p{Pd}|\u2212/gu, '-')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/\s+/g, ' ');
}

/** Without mentions, `<@U0123>`, `@bot`, `@_user_1`, and without the name of a slash command that is not itself the verb. */
function withoutPrefix(text: string): string {
  const rest = trim(text.replace(/^(?:\s|[\p{P}\p{S}]*[<]?@[^\s>]+>?[,:]?)+/u, ''));
  return rest.replace(/^\/(?=roll[ -]?back|回滚)/iu, '').replace(/^\/\S+\s*/u, '');
}

/** Without the punctuation, symbols and blanks at both ends; a slash at the beginning names a command. */
function trim(text: string): string {
  return text.replace(/^[^\p{L}\p{N}/]+/u, '').replace(/[^\p{L}\p{N}]+$/u, '');
}
