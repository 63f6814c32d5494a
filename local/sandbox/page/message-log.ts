import { showLines } from '../../cli/terminal.ts';
import type { ReceivedMessage } from '../../stand-ins/channels/receiver.ts';
import type { Feed } from './feed.ts';
import type { MessageView } from './view.ts';

/** Milliseconds within which the same text in another channel is the same message. */
const togetherMs = 2000;

/** Tells the page what people are told: a text that goes to several channels, once. */
export function createMessageLog(feed: Feed): (message: ReceivedMessage) => void {
  let recent: { key: string; view: MessageView }[] = [];
  let last = 0;
  return ({ kind, text }) => {
    const at = Date.now();
    const shown = showLines(text);
    recent = recent.filter(({ view }) => at - view.at < togetherMs);
    const same = recent.find(({ view }) => view.text === shown && !view.channels.includes(kind));
    const key = same?.key ?? String((last += 1));
    const view = same
      ? { ...same.view, channels: [...same.view.channels, kind] }
      : { at, channels: [kind], text: shown };
    recent = [...recent.filter((each) => each.key !== key), { key, view }];
    feed.tell('message', view, key);
  };
}
