import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { readKey } from '../../../functions/secrets/read-key.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import type { Source } from '../../../functions/webhook/source/load-sources.ts';
import { codeOf } from '../../cli/cli.ts';
import type { SandboxListener } from '../../sandbox/listener.ts';
import { pageAssets } from '../../sandbox/page/assets.ts';
import { servicesWith } from '../../sandbox/page/fault-menu.ts';
import { createFeed } from '../../sandbox/page/feed.ts';
import { createMessageLog } from '../../sandbox/page/message-log.ts';
import { startPageServer, type PageServerOptions } from '../../sandbox/page/server.ts';
import { createFaultSwitch } from '../../sandbox/page/switch-faults.ts';
import { serviceNames, type SandboxView, type SourceView } from '../../sandbox/page/view.ts';
import { viewApplications, viewTasks } from '../../sandbox/page/world-view.ts';
import type { Secrets } from '../../sandbox/secrets.ts';
import { isByApplication } from '../../signing/sample-webhook.ts';
import { secondsValid } from '../../signing/sender.ts';
import type { EdasStandIn } from '../../stand-ins/edas/stand-in.ts';
import type { FcStandIn } from '../../stand-ins/fc/stand-in.ts';
import type { KmsStandIn } from '../../stand-ins/kms/stand-in.ts';
import type { Listening } from '../../stand-ins/listen.ts';
import { describeVerify } from '../explain/describe-verify.ts';
import { type SourcesOfEvents } from './event-actions.ts';
import { createPageActions } from './page-actions.ts';
import { createRequestLog } from './request-log.ts';

/** What the page shows, as it is built into the functions. */
export interface PageOptions {
  sources: readonly CompiledSource[];
  notify: readonly CompiledChannel[];
  secrets: Secrets;
  /** Wrong secrets, with which a webhook is refused. */
  forged: Secrets;
  isSuspended: boolean;
  /** Undefined where sources.yaml has no events. */
  ofEvents?: SourcesOfEvents | undefined;
}

/** What runs in the sandbox. */
export interface Running {
  edas: EdasStandIn;
  fc: FcStandIn;
  kms: KmsStandIn;
  /** Where the function listens. */
  url: string;
  /** Publishes an event. Undefined where there is no events function. */
  publish?: ((event: Buffer) => unknown) | undefined;
}

/** The page of the sandbox: it listens from the beginning, and is served once all runs. */
export interface SandboxPage {
  listener: Partial<SandboxListener>;
  serve: (running: Running, port: number) => Promise<Listening>;
}

/** Milliseconds between two looks at what changes by the clock alone. */
const lookEveryMs = 200;

export function createPage(options: PageOptions): SandboxPage {
  const { notify, isSuspended } = options;
  const feed = createFeed();
  const sources = openSources(options);
  const requests = createRequestLog(feed, { sources, notify, isSuspended, ofEvents: options.ofEvents });
  return {
    listener: { ...requests.listener, message: createMessageLog(feed) },
    serve: async (running, port) => {
      const { edas, fc, url, publish } = running;
      const faults = createFaultSwitch(running);
      const look = () => {
        feed.tell('applications', viewApplications(edas));
        feed.tell('tasks', viewTasks(fc));
        feed.tell('faults', faults.view());
      };
      feed.tell('sandbox', viewSandbox(options, url));
      const actions = createPageActions({ ...options, url, publish, sources, edas, faults, requests });
      const server = await startOnPort({ assets: await pageAssets(), feed, actions, port, onOpen: look });
      const timer = setInterval(() => {
        if (feed.openPages() > 0) look();
      }, lookEveryMs);
      return {
        url: server.url,
        close: () => {
          clearInterval(timer);
          return server.close();
        },
      };
    },
  };
}

/** With every secret, also those that the function reads from KMS. */
function openSources({ sources, secrets }: PageOptions): ReadonlyMap<string, Source> {
  const keysOf = ({ secrets: names, verify }: CompiledSource) =>
    names.map((name) => readKey(secrets[name], verify)).filter((key) => typeof key !== 'string');
  return new Map(
    sources.map((source) => [source.name, { ...source, keys: keysOf(source), secretsInKms: [] }]),
  );
}

function viewSandbox({ sources, secrets, isSuspended, ofEvents }: PageOptions, url: string): SandboxView {
  const hasKms = Object.keys(secrets).some((name) => name.startsWith('kms:'));
  const events = ofEvents?.sources ?? [];
  const apps = new Set([...sources, ...events].flatMap((source) => source.apps ?? []));
  return {
    url,
    isSuspended,
    sources: [...sources.map(viewSource), ...events.map(viewEventSource)],
    applications: [...apps],
    services: servicesWith(serviceNames.filter((name) => name !== 'kms' || hasKms)),
  };
}

function viewSource(source: CompiledSource): SourceView {
  return {
    name: source.name,
    proof: describeVerify(source.verify),
    isByApplication: isByApplication(source),
    secondsValid: secondsValid(source),
    isOfEvents: false,
  };
}

function viewEventSource({ name, changeOrderId, maxAgeMs }: CompiledEventSource): SourceView {
  return {
    name,
    proof: ['nothing: RAM says who may publish an event'],
    isByApplication: changeOrderId === undefined,
    secondsValid: maxAgeMs / 1000,
    isOfEvents: true,
  };
}

/** On any free port where this one is taken: the page is where the terminal says. */
async function startOnPort(options: PageServerOptions): Promise<Listening> {
  try {
    return await startPageServer(options);
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    return startPageServer({ ...options, port: 0 });
  }
}
