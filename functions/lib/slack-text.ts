/** https://docs.slack.dev/messaging/formatting-message-text#escaping: nobody is mentioned by what a text holds. */
export function escapeForSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
