import type { CompiledEventSource } from '../../functions/events/event-source.ts';
import { setting } from '../../functions/platform/settings.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import type { EventPreset } from '../../presets/events/event-preset.ts';
import { sandboxEventsUrl, sandboxUrl } from '../cli/options.ts';
import { paint, showLines } from '../cli/terminal.ts';
import { bodyOption, curlLine } from '../signing/curl-line.ts';
import { isSignedByOpenssl, opensslLines, quote } from '../signing/openssl-lines.ts';
import { isEventActedOn, sampleEvent } from '../signing/sample-event.ts';
import {
  findNameable,
  isActedOn,
  isByApplication,
  sampleWebhook,
  type SampleWebhook,
} from '../signing/sample-webhook.ts';
import { secondsValid, signedRequest } from '../signing/sender.ts';
import type { EdasStandIn } from '../stand-ins/edas/stand-in.ts';
import { beginRelease, planReleases, type Release } from './releases.ts';
import { secretOf, type Secrets } from './secrets.ts';

interface Guide {
  url: string;
  sources: readonly CompiledSource[];
  secrets: Secrets;
}

interface SandboxGuide extends Guide {
  edas: EdasStandIn;
  /** Wrong secrets, with which a webhook is refused. */
  forged: Secrets;
  /** `--sources`, where it was given. */
  sourcesFile?: string | undefined;
  isSuspended: boolean;
  /** Undefined where sources.yaml has no events. */
  ofEvents?: GuideToEvents | undefined;
  /** A source that the sandbox has added to those of sources.yaml. */
  added?: CompiledSource | undefined;
}

interface GuideToEvents {
  /** Where the event bus listens. */
  url: string;
  sources: readonly CompiledEventSource[];
  /** By the names of the sources. */
  presets: ReadonlyMap<string, EventPreset>;
}

/** Begins a release for each source, and prints lines to paste that have them rolled back. */
export async function printYourTurn(guide: SandboxGuide): Promise<void> {
  const { edas, url, sources, secrets, added } = guide;
  const now = Date.now();
  const all = planReleases<AnySource>([...sources, ...(guide.ofEvents?.sources ?? [])]);
  const releases = withSources(all, (source) => !isOfEvents(source)) as Release<CompiledSource>[];
  for (const release of all) beginRelease(release, edas, now);
  const samples = await samplesFor(releases, now);
  const [first] = samples;
  if (first) printCurlLines(first, now, guide);
  if (first) {
    heading(
      'The same from another terminal, for each of your sources. Each release can be rolled back once:',
    );
  }
  for (const release of releases) printSendLines(release, samples, guide);
  if (guide.ofEvents) {
    const ofEvents = withSources(all, isOfEvents) as Release<CompiledEventSource>[];
    await printEventLines(ofEvents, now, guide.ofEvents, guide.sourcesFile);
  }
  heading('Is it up?');
  console.log(`curl ${url}/`);
  heading('The sources, and their secrets in this sandbox:');
  for (const { name, secrets: variables } of sources) {
    const values = variables.map((variable) => `${variable}=${secrets[variable] ?? ''}`);
    console.log(`POST ${url}/${name}   ${values.join(' ')}`);
  }
  if (added) console.log(paint('dim', `POST ${url}/${added.name}   is the sandbox's own`));
}

type AnySource = CompiledSource | CompiledEventSource;

const isOfEvents = (source: AnySource) => 'eventSources' in source;

/** The releases that these sources can have rolled back. */
function withSources(
  releases: readonly Release<AnySource>[],
  isOne: (source: AnySource) => boolean,
): Release<AnySource>[] {
  return releases
    .map((release) => ({ ...release, sources: release.sources.filter(isOne) }))
    .filter(({ sources }) => sources.length > 0);
}

/** A line for each source of events. */
async function printEventLines(
  releases: readonly Release<CompiledEventSource>[],
  now: number,
  { url, sources: all, presets }: GuideToEvents,
  sourcesFile: string | undefined,
): Promise<void> {
  heading('Sources of events. EventBridge may deliver an event twice, and does so here:');
  const own = sourcesFile === undefined ? [] : ['--sources', word(sourcesFile)];
  const where = url === sandboxEventsUrl ? own : ['--url', url, ...own];
  for (const { app, changeOrderId, description, sources } of releases) {
    console.log(paint('dim', `${description}, application ${app}:`));
    for (const source of sources) {
      const { name } = source;
      const target = source.changeOrderId ? { changeOrderId } : { app };
      const preset = presets.get(name);
      const sample = preset && sampleEvent(source, preset, target, { now, id: 'sample' });
      const isMade = sample && (await isEventActedOn(source, all, sample, target, now));
      const what = source.changeOrderId ? ['--change-order', changeOrderId] : ['--app', app];
      const rest = isMade ? what : ['--payload', 'FILE'];
      const line = ['npm run send -- --event --source', name, ...rest, ...where].join(' ');
      console.log(
        isMade ? line : paint('dim', `no event can be made for ${name}; with one of its service: ${line}`),
      );
    }
  }
}

/** A webhook that a source acts on, and the release that it has rolled back. */
interface Sample {
  source: CompiledSource;
  release: Release<CompiledSource>;
  webhook: SampleWebhook;
}

async function samplesFor(releases: readonly Release<CompiledSource>[], now: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const release of releases) {
    for (const source of release.sources) {
      const { app, changeOrderId } = release;
      const target = isByApplication(source) ? { app } : { changeOrderId };
      const webhook = sampleWebhook(source, target, now);
      if (await isActedOn(source, webhook, target, now)) samples.push({ source, release, webhook });
    }
  }
  return samples;
}

function printCurlLines(
  { source, release: { app }, webhook: { contentType, body } }: Sample,
  now: number,
  { url, secrets, forged, isSuspended }: SandboxGuide,
): void {
  const signing = { url, body, contentType, target: { app }, now };
  const seconds = secondsValid(source);
  const until = seconds === undefined ? '' : ` (good for ${seconds} s)`;
  const holder = source.dryRun ? 'dryRun' : isSuspended ? 'ROLLBACK_SUSPENDED' : undefined;
  const held = holder === undefined ? '' : `, but ${holder} keeps it from being rolled back`;
  heading(
    `Your turn. A second release is in flight${held}; this is the request of ${source.name} for it${until}:`,
  );
  console.log(
    curlLine(signedRequest(source, secretOf(source, secrets), signing), { body: bodyOption(body) }),
  );
  heading('The same, forged, which is refused:');
  console.log(curlLine(signedRequest(source, secretOf(source, forged), signing), { body: bodyOption(body) }));
}

function printSendLines(
  release: Release<CompiledSource>,
  samples: readonly Sample[],
  { url, sourcesFile }: SandboxGuide,
): void {
  console.log(paint('dim', `${release.description}, application ${release.app}:`));
  const own = sourcesFile === undefined ? [] : ['--sources', word(sourcesFile)];
  const where = url === sandboxUrl ? own : ['--url', url, ...own];
  for (const source of release.sources) {
    const isMade = samples.some((each) => each.source === source);
    const what = isMade ? targetOptions(source, release) : ['--payload', 'FILE'];
    const line = ['npm run send -- --source', source.name, ...what, ...where].join(' ');
    // Not a line to paste: a payload of its sender is still to be put in.
    console.log(
      isMade
        ? line
        : paint('dim', `no payload can be made for ${source.name}; with one of its sender: ${line}`),
    );
  }
}

function targetOptions(source: CompiledSource, { app, changeOrderId }: Release<CompiledSource>): string[] {
  const byOrder = ['--change-order', changeOrderId];
  if (isByApplication(source)) return ['--app', app];
  return source.verify.scheme === 'link' ? ['--app', app, ...byOrder] : byOrder;
}

/** Without a notify in sources.yaml, a deployment sends no messages: the sandbox says that its channels are extra. */
export function printOwnChannels(): void {
  console.log(
    paint(
      'dim',
      "Your sources.yaml has no notify, so a deployment sends no messages: the channels below are the sandbox's own.",
    ),
  );
}

export async function printRealEdas({ url, sources, secrets }: Guide): Promise<void> {
  console.log(
    paint('bold', 'This is real EDAS, with the credentials of this machine: a signed request rolls back.'),
  );
  const isYours = (variable: string) => process.env[variable] === secrets[variable];
  const originOf = (secret: string) => {
    if (nameInKms(secret) !== undefined) return "KMS's own";
    return isYours(secret) ? 'yours' : 'made for this run';
  };
  for (const { name, secrets: named } of sources) {
    const origins = named.map((secret) => `${secret} (${originOf(secret)})`);
    console.log(`POST ${url}/${name}   secret ${origins.join(', ')}`);
  }
  const source = await findNameable(sources.filter(isSignedByOpenssl));
  if (!source) return;
  const [secret = ''] = source.secrets;
  heading(
    `To roll ${isByApplication(source) ? 'an application' : 'a change order'} back, put its id in and paste:`,
  );
  if (nameInKms(secret) === undefined && !isYours(secret)) {
    // Not exported: at the next deployment it would win over .env.
    console.log(`${secret}=${quote(secretOf(source, secrets))}`);
  }
  const region = setting(process.env, 'REGION');
  for (const line of opensslLines(source, url, region)) console.log(line);
}

/** The one line of the terminal about the page. */
export function printPage(url: string): void {
  console.log(`See it in a browser: ${paint('cyan', url)} (--open opens it)`);
}

/** The one line of the terminal about the event bus. */
export function printEventBus(url: string): void {
  console.log(`EventBridge: ${paint('cyan', `${url}/events`)} takes CloudEvents (npm run send -- --event)`);
}

/** Without an event bus, no event reaches the events function. */
export function printNoEvents(events: readonly { name: string }[]): void {
  const names = events.map(({ name }) => name).join(', ');
  console.log(
    paint(
      'dim',
      `The sources of events (${names}) are left out: no event comes here. npm start without --edas real runs them, too.`,
    ),
  );
}

/** @param reason why no browser was opened; undefined where one was */
export function printNotOpened(reason: string | undefined): void {
  if (reason !== undefined)
    console.log(`No browser could be opened (${showLines(reason)}). Type the address.`);
}

export function printReady(url: string): void {
  console.log(`\n${paint('green', 'Listening')} on ${url}. Ctrl-C stops.`);
}

/** One word for a shell, as short as it can be. */
function word(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : quote(text);
}

function heading(text: string): void {
  console.log(`\n${paint('bold', text)}`);
}
