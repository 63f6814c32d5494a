/**
 * https://docs.slack.dev/messaging/formatting-message-text#escaping: after this, a text mentions no person and links
 * nowhere.
 */
export function escapeForSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
