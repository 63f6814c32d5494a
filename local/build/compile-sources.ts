import { LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { CompiledEventSource } from '../../functions/events/event-source.ts';
import type { CompiledChannel } from '../../functions/follow/configuration.ts';
import { reasonOf } from '../../functions/lib/text.ts';
import type { CompiledSource, ContentType } from '../../functions/webhook/source/compiled-source.ts';
import { coversPayload, type VerifyParameters } from '../../functions/webhook/verify/verify.ts';
import { presets } from '../../presets/index.ts';
import type { Preset } from '../../presets/preset.ts';
import { compileConfirm, markDeciding } from './compile-confirm.ts';
import { compileEnded, markReleaseRollbacks } from './compile-ended.ts';
import {
  compileEventSource,
  reportUnreachable,
  unconfirmedSource,
  type UnconfirmedSource,
} from './compile-events.ts';
import { compileKnowledge } from './compile-knowledge.ts';
import { compileNotify } from './compile-notify.ts';
import { checkFixedApp, expressionsOf, follows, withPaths } from './compile-policy.ts';
import { compileVerify, type Way } from './compile-verify.ts';
import { describeIssue } from './describe-issue.ts';
import { offsetOf, toPosition, type Position, type Report } from './position.ts';
import {
  sourcesSchema,
  type SourceSettings,
  type SourcesSettings,
  type VerifySettings,
} from './sources-schema.ts';

/** A place in sources.yaml, and what is wrong there. */
export interface SourcesFault extends Position {
  message: string;
}

/** sources.yaml cannot work. Carries every fault that was found, in the order of the file. */
export class SourcesError extends Error {
  override readonly name = 'SourcesError';
  readonly faults: readonly SourcesFault[];

  constructor(faults: readonly SourcesFault[]) {
    super(`sources.yaml has ${faults.length} fault(s)`);
    this.faults = faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

/** All that a sources.yaml says. */
export interface CompiledConfiguration {
  sources: CompiledSource[];
  /** What EventBridge may ask for. */
  events: CompiledEventSource[];
  notify: readonly CompiledChannel[];
}

/** The same, with what is to be told about it. */
export interface CheckedConfiguration extends CompiledConfiguration {
  /** The sources of events of which it is not confirmed how they look. */
  unconfirmed: readonly UnconfirmedSource[];
}

/** Where the YAML library speaks to programmers. */
const faultsOfYaml: Record<string, string> = {
  DUPLICATE_KEY: 'this name is there twice',
  MULTIPLE_DOCS: 'this must be one document: take the --- out',
};

/**
 * The sources alone of a sources.yaml, which is checked as a whole.
 *
 * @throws SourcesError
 */
export function compileSources(text: string): CompiledSource[] {
  return compileConfiguration(text).sources;
}

/**
 * Checks the text of a sources.yaml and compiles it to what the functions read: presets resolved, JMESPath parsed.
 *
 * @throws SourcesError
 */
export function compileConfiguration(text: string): CheckedConfiguration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const faults: SourcesFault[] = document.errors.map(({ pos, code, message }) => ({
    ...toPosition(lines, pos[0]),
    message: faultsOfYaml[code] ?? message,
  }));
  const report: Report = (path, message) => {
    faults.push({ ...toPosition(lines, offsetOf(document, path)), message });
  };
  const fail = () => new SourcesError(faults);
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return;
      const message = `*${alias.source} stands for nothing: there is no &${alias.source} before it`;
      faults.push({ ...toPosition(lines, alias.range?.[0] ?? 0), message });
    },
  });
  if (faults.length > 0) throw fail();

  const parsed = sourcesSchema.safeParse(toPlainValue(document, report), { reportInput: true });
  if (faults.length > 0) throw fail();
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues.flatMap(describeIssue)) report(path, message);
    throw fail();
  }
  const { notify: channels = [] } = parsed.data;
  const hasChannels = channels.length > 0;
  requireAnySource(parsed.data, report);
  if (faults.length > 0) throw fail();
  const sources = Object.entries(parsed.data.sources ?? {}).map(([name, settings]) =>
    compileSource(name, settings, hasChannels, (path, message) => {
      report(['sources', name, ...path], message);
    }),
  );
  const events = Object.entries(parsed.data.events ?? {}).map(([name, settings]) =>
    compileEventSource(name, settings, hasChannels, (path, message) => {
      report(['events', name, ...path], message);
    }),
  );
  checkSharedTokens(sources, report);
  reportSharedNames(sources, events, report);
  reportUnreachable(events, report);
  const all = [...sources, ...events];
  const notify = compileNotify(channels, sources, events, report);
  const marked = markDeciding(markReleaseRollbacks(sources, all), events, report);
  if (faults.length > 0) throw fail();
  const unconfirmed = Object.entries(parsed.data.events ?? {}).flatMap(
    ([name, settings]) => unconfirmedSource(name, settings) ?? [],
  );
  return { sources: marked, events: markReleaseRollbacks(events, all), unconfirmed, notify };
}

function requireAnySource({ sources, events }: SourcesSettings, report: Report): void {
  if (sources || events) return;
  report([], 'sources is missing: there is nothing that may roll back');
}

/** The log, the messages and the links name a source by its name alone. */
function reportSharedNames(
  sources: readonly CompiledSource[],
  events: readonly CompiledEventSource[],
  report: Report,
): void {
  for (const { name } of events.filter((each) => sources.some((source) => source.name === each.name))) {
    report(['events', name], `a source of webhooks has this name, too: call this one ${name}-events`);
  }
}

/** A token is sent with every request. If it is a key of another source, everyone who sees a request can sign for that source. */
function checkSharedTokens(sources: readonly CompiledSource[], report: Report): void {
  for (const { name, verify, secrets } of sources) {
    if (verify.scheme !== 'token') continue;
    const others = sources.filter((other) => other.name !== name);
    const shared = others.find((other) => other.secrets.some((variable) => secrets.includes(variable)));
    if (!shared) continue;
    report(
      ['sources', name, 'secrets'],
      `the source ${shared.name} has the same secret, and here it is shown as a token: give each its own`,
    );
  }
}

/** The YAML library gives up on aliases that multiply to more than it takes. */
function toPlainValue(document: Document, report: Report): unknown {
  try {
    return document.toJS();
  } catch (error) {
    report([], `this cannot be read: ${reasonOf(error)}`);
    return undefined;
  }
}

function compileSource(
  name: string,
  settings: SourceSettings,
  hasChannels: boolean,
  report: Report,
): CompiledSource {
  const { preset: presetName, verify, secrets, apps, cluster, ended, mode, dryRun } = settings;
  if (presetName === undefined && verify === undefined) report([], 'a source needs a preset, or verify');
  if (new Set(secrets).size < secrets.length) report(['secrets'], 'a secret is named twice');
  // A way of signing that is spelt out is a generic sender's in all other respects.
  const preset: Preset = presets[presetName ?? 'generic'];
  if (settings.language !== undefined && preset.reply === undefined) {
    report(
      ['language'],
      'only people in a chat are answered in a language, and this sender gets JSON: take this out',
    );
  }
  const way = verify ? compileVerify(verify, name, report) : ownWay(preset, name);
  checkApps(settings, way.verify, report);
  const expressions = compileExpressions(settings, preset, way.verify, report);
  const follow = follows(settings, preset.comesSeveralTimes === true || hasChannels, report);
  const rest = {
    app: expressions.app,
    apps,
    cluster,
    follow,
    hasCommands: expressions.command !== undefined,
    coversPayload: coversPayload(way.verify),
  };
  return {
    name,
    ...way,
    payloadTimestamp: way.payloadTimestamp ?? preset.payloadTimestamp,
    contentTypes: contentTypesOf(verify, preset),
    jsonAdvice: preset.jsonAdvice,
    secrets,
    // It is logged, and a token must not be.
    deliveryHeader: headerOf(way) === preset.deliveryHeader ? undefined : preset.deliveryHeader,
    ping: preset.ping,
    handshake: preset.handshake?.kind,
    ...expressions,
    ...compileKnowledge(settings, preset),
    apps,
    cluster,
    ended: ended && compileEnded(ended, rest, report),
    mode,
    follow,
    dryRun,
    ...compileConfirm(settings, preset, hasChannels, report),
    refusalStatus: settings.refusalStatus ?? preset.refusalStatus,
    successStatus: settings.successStatus ?? preset.successStatus,
    reply: preset.reply ?? 'json',
    language: settings.language,
    deadlineMs: settings.deadlineMs ?? preset.deadlineMs,
  };
}

function headerOf({ verify }: Way): string | undefined {
  return 'header' in verify ? verify.header : undefined;
}

/** A signature that is spelt out covers the body, and not the field of a form that some senders sign instead. */
function contentTypesOf(verify: VerifySettings | undefined, preset: Preset): readonly ContentType[] {
  if (verify === undefined) return preset.contentTypes;
  if (verify.contentType !== undefined) return [verify.contentType];
  const signsField = preset.verify.scheme === 'hmac' && preset.verify.signed.includes('{payload}');
  return signsField ? preset.contentTypes.filter((type) => type === 'json') : preset.contentTypes;
}

function ownWay({ verify }: Preset, source: string): Way {
  return { verify: verify.scheme === 'link' ? { ...verify, source } : verify };
}

/** Where a sender does not sign its payload, everyone who has seen one of its requests can ask for any rollback. */
function checkApps(
  { apps, preset, verify: speltOut }: SourceSettings,
  verify: VerifyParameters,
  report: Report,
): void {
  if (apps !== undefined) {
    if (new Set(apps).size < apps.length) report(['apps'], 'an application is named twice');
    return;
  }
  if (coversPayload(verify)) return;
  const [key, who] = speltOut
    ? ['verify', `With scheme ${speltOut.scheme ?? 'hmac'}, the sender`]
    : ['preset', `The sender ${preset ?? ''}`];
  report(
    [key],
    `${who} does not sign its payload, so it must name the applications that it may touch: apps: [<id>]`,
  );
}

type Expressions = Pick<
  CompiledSource,
  | 'actor'
  | 'person'
  | 'when'
  | 'allow'
  | 'changeOrderId'
  | 'app'
  | 'command'
  | 'salutation'
  | 'answerAt'
  | 'problemStartedAt'
  | 'mayLackProblemStart'
>;

/** The source's own expressions, and the preset's where it has none. */
function compileExpressions(
  settings: SourceSettings,
  preset: Preset,
  verify: VerifyParameters,
  report: Report,
): Expressions {
  const expression = expressionsOf(report);
  const { changeOrderId, app, command } = placesOf(settings, preset, verify, report);
  const compiledApp = expression('app', app, 'text');
  checkFixedApp(compiledApp, settings.apps, report);
  return {
    actor: expression('preset', preset.actor, 'text'),
    person: expression('preset', preset.person, 'text'),
    when: withPaths(expression('when', settings.when ?? preset.when, 'truth')),
    allow: expression('allow', settings.allow, 'truth'),
    changeOrderId: expression('changeOrderId', changeOrderId, 'text'),
    app: compiledApp,
    command: expression(settings.command === undefined ? 'preset' : 'command', command, 'text'),
    salutation: expression('preset', preset.salutation, 'text'),
    answerAt: expression('preset', preset.answerAt, 'text'),
    mayLackProblemStart:
      settings.problemStartedAt === undefined && preset.problemStartedAt !== undefined ? true : undefined,
    problemStartedAt: expression(
      'problemStartedAt',
      settings.problemStartedAt ?? preset.problemStartedAt,
      'time',
    ),
  };
}

type Places = Partial<Record<'changeOrderId' | 'app' | 'command', string | undefined>>;

/** What people write counts only as a command, in which the id stands. */
function checkCommand(
  { changeOrderId, app, command }: Pick<SourceSettings, 'changeOrderId' | 'app' | 'command'>,
  scheme: VerifyParameters['scheme'],
  report: Report,
): void {
  const advice =
    command === undefined
      ? 'this sender passes on what people write, so the id must stand in a command: take this out, or write command instead, with the place of such a text'
      : 'with command, the id stands in what people write: take this out';
  if (changeOrderId !== undefined) report(['changeOrderId'], advice);
  if (app !== undefined) report(['app'], advice);
  if (scheme === 'link') {
    report(['verify'], 'a link rolls back for every body, and this sender passes on what people write');
  }
}

/** Where it says what to roll back. A source that says so itself leaves nothing of the preset's. */
function placesOf(
  { changeOrderId, app, command, apps }: SourceSettings,
  preset: Preset,
  { scheme }: VerifyParameters,
  report: Report,
): Places {
  if (changeOrderId !== undefined && app !== undefined) {
    report(['app'], 'app and changeOrderId both say what to roll back: take one of them out');
  }
  if (command !== undefined || preset.command !== undefined) {
    checkCommand({ changeOrderId, app, command }, scheme, report);
    return { command: command ?? preset.command };
  }
  if (scheme === 'link' && app !== undefined) report(['app'], 'a link names the application itself');
  if (changeOrderId !== undefined) return { changeOrderId };
  if (app !== undefined) return { app };
  if (scheme === 'link') return {};
  if (preset.isByApplication !== true) return preset;
  const [only, ...others] = apps ?? [];
  if (only !== undefined && others.length === 0) return { app: `'${only}'` };
  report(
    ['preset'],
    'this sender has no field of its own for an id: say with app or changeOrderId where one stands, or name the one application to roll back under apps',
  );
  return {};
}
