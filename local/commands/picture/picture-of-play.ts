import { isDeepStrictEqual } from 'node:util';
import { drawTerminal, frameOf, readPicture } from './draw.ts';
import { contentOf, linesOfPlay, type Content } from './play-lines.ts';

/** The picture of what `npm start` has written, in colours. */
export function pictureOfPlay(output: string): string {
  return drawTerminal({
    title: 'The terminal of npm start',
    description:
      'Five steps. A release of three batches is under way in a stand-in for EDAS. The sender "pipeline" posts a signed webhook; ' +
      'the function reads the change order, sends RollbackChangeOrder, hands the rest to a task and answers 202, rolling_back. ' +
      'EDAS rolls back, and the task tells DingTalk, Feishu, WeCom, Slack and a webhook how it began and how it ended. The same ' +
      'webhook again is answered 200, already_terminated, and nothing is sent. A forged one is answered 401, signature_mismatch.',
    lines: linesOfPlay(output),
  });
}

/** Whether a picture tells something else than a new one, or in another form. */
export function isStale(picture: string, fresh: string): boolean {
  return !isDeepStrictEqual(essenceOf(picture), essenceOf(fresh));
}

/** What must not differ between two pictures of the same play. */
export function essenceOf(picture: string): Content & { frame: string } {
  return { frame: frameOf(picture), ...contentOf(readPicture(picture)) };
}
