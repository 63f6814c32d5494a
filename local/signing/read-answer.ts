import { toRecord, toText } from '../../functions/lib/json.ts';

/** What an answer of the function says. */
export interface ReadAnswer {
  code: string | undefined;
  outcome: string | undefined;
  /** The sentence of an outcome or a problem. */
  message: string | undefined;
  /** The sentence for the people of a chat. */
  chat: string | undefined;
}

/** Reads an answer in each of its formats: an outcome, a problem, or a message of a chat. */
export function readAnswer(body: string): ReadAnswer {
  const { code, outcome, message, detail, ...rest } = parse(body);
  const chat = textOfChat(rest);
  return {
    code: toText(code) ?? /\(([a-z_]+)\)$/.exec(chat ?? '')?.[1],
    outcome: toText(outcome),
    message: toText(message) ?? toText(detail),
    chat,
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Slack, DingTalk and Feishu have it in different fields. */
function textOfChat({ text, toast }: Record<string, unknown>): string | undefined {
  const message = toText(text) ?? toText(toRecord(text)['content']) ?? toText(toRecord(toast)['content']);
  return message?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
