import { excerpt } from './text.ts';

/**
 * What people read, made fit for them: the one place for it. Whatever a payload, a sender or EDAS writes goes through
 * {@link onOneLine} before it stands in a sentence of ours, and every message through the escape of its chat.
 */

/**
 * What cannot be seen, for a regular expression: control characters, halves of a surrogate pair, blanks of every width,
 * and what Unicode says is shown as nothing, such as marks that change the direction of the text, tags and fillers.
 * U+2800, the empty pattern of Braille, is the one invisible symbol.
 * https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
 *
 * The expressions are made where they are needed, for V8 takes a millisecond to read Unicode's tables.
 */
const unseen = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{DI}\u2800]`;

/**
 * Text from outside on one line, cut to so many characters: a blank in the place of what cannot be seen, so that it
 * neither forges a line, nor turns what stands beside it, nor hides a mention. It is cut first, as it may be of any
 * length.
 */
export function onOneLine(text: string, length: number): string {
  return excerpt(text, length)
    .replaceAll(new RegExp(`${unseen}+`, 'gu'), ' ')
    .trim();
}

/**
 * Text from outside on one line of a terminal, which would obey the control characters in it: blanks and tabs stay, and
 * whatever else cannot be seen is written out, such as `\u{1b}`.
 */
export function showUnseen(text: string): string {
  return text.replaceAll(
    new RegExp(String.raw`(?![ \t])${unseen}`, 'gu'),
    (character) => String.raw`\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/**
 * `<@U1>` and `<!channel>` mention, `<address|text>` is a link that shows another text.
 * https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function escapeForSlack(message: string): string {
  return message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * Only the field `at` mentions, and none is sent; the full-width sign keeps it so, should DingTalk ever search the text.
 * https://open.dingtalk.com/document/robots/custom-robot-access
 */
export function escapeForDingTalk(message: string): string {
  return message.replaceAll('@', '＠');
}

/**
 * `<at user_id="all">` mentions all members, `<s>` strikes out, `[text](address)` is a link that shows another text. A
 * placeholder of our own, such as `<change order id>` or `<变更单 ID>`, stays: no tag of a text is a mere word of six
 * letters or more, or Chinese.
 * https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json
 */
export function escapeForFeishu(message: string): string {
  return message.replaceAll(/<(?![a-z]{6}[a-z ]*>|\u53d8\u66f4\u5355 ID>)/g, '＜').replaceAll('](', '］(');
}

/**
 * For the cards on which people decide, some of which read Markdown: DingTalk's and WeCom's, and Slack's of a kind. No
 * page says how a sign is escaped there, so each one that could begin markup, a mention or an entity is put in its
 * full-width form, which looks the same and means nothing. A sign at the beginning of a line means nothing either, for
 * every line of a message begins with a word of ours.
 * https://open.dingtalk.com/document/orgapp/robot-message-type
 * https://developer.work.weixin.qq.com/document/path/91770
 */
export function escapeForCard(message: string): string {
  return message.replaceAll(/[\\`*_[\]<>&~|@]/g, (sign) =>
    String.fromCharCode(sign.charCodeAt(0) + fullWidthOffset),
  );
}

/** From `!` on, Unicode has the signs of ASCII once more in this distance. */
const fullWidthOffset = 0xfee0;

/**
 * `<@userid>` mentions a person. The replacement has as many bytes as before, so that the message still fits.
 * https://developer.work.weixin.qq.com/document/path/91770
 */
export function escapeForWeCom(message: string): string {
  return message.replaceAll('<@', '(@');
}
