import { setTimeout as sleep } from 'node:timers/promises';
import { createEventHandler } from '../../../../functions/events/handler.ts';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import type { SourcesOfEvents } from '../../../../local/commands/start/event-actions.ts';
import { createPage } from '../../../../local/commands/start/page.ts';
import { startEventBus } from '../../../../local/sandbox/event-bus.ts';
import { tellAll, type SandboxListener } from '../../../../local/sandbox/listener.ts';
import type { PageEvent, PageEvents } from '../../../../local/sandbox/page/view.ts';
import { sandboxSecrets } from '../../../../local/sandbox/secrets.ts';
import { fakeContext } from '../../../support/webhook.ts';
import { startLocalFunction, type LocalFunction } from '../../sandbox/local-function.ts';

/** The page of a sandbox whose functions run in this process. */
export interface LocalPage extends LocalFunction {
  pageUrl: string;
  listener: Partial<SandboxListener>;
  /** Does what the page asks for. */
  act: (action: string, asked?: object) => Promise<{ status: number; text: string }>;
  /** What the page was told last, as soon as it is as wanted. */
  told: <Kind extends PageEvent>(
    kind: Kind,
    isWanted?: (value: PageEvents[Kind], key: string) => boolean,
  ) => Promise<PageEvents[Kind]>;
}

export const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE], follow: true }
  linear:
    preset: linear
    secrets: [kms:linear]
    follow: true
  cold: { preset: generic, secrets: [kms:cold], follow: true }
  alerts:
    preset: alertmanager
    secrets: [SECRET_ALERTS]
    apps: [3616cdca-0000-4000-8000-0000000000aa]
    follow: true
  stamped:
    verify:
      header: x-sign
      signed: '{timestamp}.{body}'
      timestamp: { header: x-time, unit: s }
    secrets: [SECRET_STAMPED]
    when: status == 'failed'
    changeOrderId: changeOrder.id
    follow: true
`;

type AtEnd = (close: () => Promise<void>) => void;

/** @param events sources of events, and what they are known by */
export async function startLocalPage(atEnd: AtEnd, events?: SourcesOfEvents): Promise<LocalPage> {
  const compiled = compileSources(sources);
  const secrets = sandboxSecrets(compiled);
  const forged = sandboxSecrets(compiled, 'forged');
  const page = createPage({
    sources: compiled,
    notify: [],
    secrets,
    forged,
    isSuspended: false,
    ofEvents: events,
  });
  const local = await startLocalFunction(sources, undefined, atEnd, page.listener);
  const publish = events && (await startEvents(events, local, page.listener, atEnd));
  const { url: pageUrl, close } = await page.serve({ ...local, publish }, 0);
  atEnd(close);
  return {
    ...local,
    pageUrl,
    listener: page.listener,
    act: async (action, asked = {}) => {
      const response = await fetch(`${pageUrl}/actions/${action}`, {
        method: 'POST',
        headers: { origin: pageUrl, 'content-type': 'application/json' },
        body: JSON.stringify(asked),
      });
      return { status: response.status, text: (await response.text()).trim() };
    },
    told: listenTo(pageUrl, atEnd),
  };
}

/** The events function behind an event bus, in this process. */
async function startEvents(
  { accountId, region, sources: compiled }: SourcesOfEvents,
  { edas, fc }: LocalFunction,
  listener: Partial<SandboxListener>,
  atEnd: AtEnd,
): Promise<(event: Buffer) => unknown> {
  const heard = tellAll([listener]);
  const handler = createEventHandler(
    { version: '1.2.3', sources: compiled },
    {
      env: {
        EDAS_ENDPOINT: edas.url,
        FUNCTION_ENDPOINT: fc.url,
        FOLLOW_FUNCTION: 'edas-rollback-follow',
        FC_FUNCTION_NAME: 'test',
      },
      now: Date.now,
      clock: { now: Date.now, sleep: (ms) => sleep(ms) },
      random: Math.random,
      write: heard.log,
    },
  );
  const bus = await startEventBus({
    invoke: handler,
    context: { ...fakeContext, accountId, region },
    heard,
    port: 0,
  });
  atEnd(bus.close);
  return bus.publish;
}

/** An open page, which is told what happens. */
function listenTo(url: string, atEnd: AtEnd): LocalPage['told'] {
  const known = new Map<string, { kind: string; key: string; value: unknown }>();
  const waiting = new Set<() => void>();
  const abort = new AbortController();
  const listen = async () => {
    const response = await fetch(`${url}/events`, { signal: abort.signal });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const frames = text.split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) {
        const [, kind = '', data = ''] = /^event: (\w+)\ndata: ([^\n]*)$/.exec(frame) ?? [];
        const { key, value } = JSON.parse(data) as { key: string; value: unknown };
        known.set(`${kind} ${key}`, { kind, key, value });
      }
      for (const look of waiting) look();
      waiting.clear();
    }
  };
  const listening = listen().catch(() => undefined);
  atEnd(async () => {
    abort.abort();
    await listening;
  });
  return async <Kind extends PageEvent>(
    kind: Kind,
    isWanted: (value: PageEvents[Kind], key: string) => boolean = () => true,
  ) => {
    for (;;) {
      const entries = [...known.values()].filter((each) => each.kind === kind) as {
        key: string;
        value: PageEvents[Kind];
      }[];
      const wanted = entries.findLast(({ key, value }) => isWanted(value, key));
      if (wanted) return wanted.value;
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };
}
