import type { PageEvent, PageEvents, SandboxView } from '../view.ts';
import { find, say } from './dom.ts';
import { showFaults } from './faults-form.ts';
import { showMessages, showTasks } from './people.ts';
import { showReleases } from './releases.ts';
import { showRequests } from './requests.ts';
import { showSendForm } from './send-form.ts';

const releases = showReleases();
const requests = showRequests();
const messages = showMessages();
const tasks = showTasks();
const sendForm = showSendForm(requests);
const faults = showFaults();
const connection = find('connection', HTMLSpanElement);

type Handlers = { [Kind in PageEvent]: (value: PageEvents[Kind], key: string) => void };

const handlers: Handlers = {
  sandbox: showSandbox,
  applications: releases.show,
  request: (request, key) => {
    requests.put(key, request);
  },
  message: (message, key) => {
    messages.put(key, message);
  },
  tasks,
  faults: faults.show,
};

function showSandbox({ url, isSuspended, sources, applications, services }: SandboxView): void {
  say(find('url', HTMLElement), url);
  find('suspended', HTMLSpanElement).hidden = !isSuspended;
  releases.knowApps(applications);
  faults.know(services);
  sendForm.know({ url, isSuspended, sources, applications, services });
}

/** What is forgotten there is forgotten here. */
function forget(kind: PageEvent, key: string): void {
  if (kind === 'request') requests.remove(key);
  if (kind === 'message') messages.remove(key);
}

function listen(events: EventSource, kind: PageEvent): void {
  const handle = handlers[kind] as (value: unknown, key: string) => void;
  events.addEventListener(kind, ({ data }: MessageEvent<string>) => {
    const { key, value } = JSON.parse(data) as { key: string; value?: unknown };
    if (value === undefined) forget(kind, key);
    else handle(value, key);
  });
}

const events = new EventSource('/events');
for (const kind of Object.keys(handlers) as PageEvent[]) listen(events, kind);
events.addEventListener('begin', () => {
  requests.clear();
  messages.clear();
  say(connection, 'live');
  connection.className = 'badge good';
});
events.addEventListener('error', () => {
  say(connection, 'the sandbox has stopped');
  connection.className = 'badge bad';
});
