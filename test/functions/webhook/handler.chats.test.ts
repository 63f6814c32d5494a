import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { dangersIn, hostileText } from '../../support/hostile-text.ts';
import { runs } from '../../support/runs.ts';
import { openWithRelease } from '../../support/webhook.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
/** Of each chat: one whose answers name who asked, and one whose answers quote the payload. */
const sources = `
sources:
  slack: { preset: slack, secrets: [SECRET], dryRun: true }
  slack-quoting: { preset: slack, secrets: [SECRET], when: text }
  dingtalk: { preset: dingtalk, secrets: [SECRET], apps: [${app}], dryRun: true }
  dingtalk-quoting: { preset: dingtalk, secrets: [SECRET], apps: [${app}], when: text.content }
  feishu: { preset: feishu, secrets: [SECRET], dryRun: true }
  feishu-quoting: { preset: feishu, secrets: [SECRET], when: event.action.value.command }
`;

const chats = {
  slack: {
    payload: (actor: string, text: string) =>
      new URLSearchParams({ command: '/edas', text, user_name: actor }).toString(),
    type: 'application/x-www-form-urlencoded',
    textOf: ({ text }: Record<string, unknown>) => text,
  },
  dingtalk: {
    payload: (actor: string, text: string) => ({
      msgtype: 'text',
      text: { content: text },
      senderNick: actor,
    }),
    type: 'application/json',
    textOf: ({ text }: Record<string, unknown>) => (text as Record<string, unknown>)['content'],
  },
  feishu: {
    payload: (actor: string, text: string) => ({
      event: { operator: { open_id: actor }, action: { value: { command: text } } },
    }),
    type: 'application/json',
    textOf: ({ toast }: Record<string, unknown>) => (toast as Record<string, unknown>)['content'],
  },
};

test.each(Object.keys(chats) as (keyof typeof chats)[])(
  'whoever asks in %s, and whatever is typed, the answer is one line that mentions nobody and hides nothing',
  async (chat) => {
    const plan = { appId: app, batchMs: 10 ** 12 };
    const { webhook, orderId } = await openWithRelease({ sources }, plan, onTestFinished);
    const { payload, type, textOf } = chats[chat];
    const answerTo = async (name: string, actor: string, text: string) => {
      const headers = { 'content-type': type };
      const answer = await webhook.post(name, payload(actor, text), { headers });
      expect(answer.status).toBe(200);
      return String(textOf(answer.body));
    };
    const property = fc.asyncProperty(hostileText, hostileText, async (actor, around) => {
      const asked = await answerTo(chat, actor, `rollback ${orderId}`);
      expect(asked).toMatch(/^Dry run: change order /);
      const typed = await answerTo(chat, actor, `rollback ${orderId}${around}`);
      const quoted = await answerTo(`${chat}-quoting`, actor, `"${around}`);
      expect(quoted).toContain('gave');
      for (const text of [asked, typed, quoted]) expect(dangersIn(chat, text)).toEqual([]);
    });
    await fc.assert(property, { numRuns: runs(30) });
  },
);
