import type { Expression } from '../../functions/select/expression.ts';
import type { ConfirmPolicy, RollbackPolicy } from '../../functions/select/policy.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import type { Preset } from '../../presets/preset.ts';
import { compileExpression } from './compile-expression.ts';
import { checkedDuration } from './duration.ts';
import type { Report } from './position.ts';
import type { SourceSettings } from './sources-schema.ts';

type Asking = Pick<RollbackPolicy, 'confirm' | 'summary'>;

/** What a source says about asking people, and what that depends on. */
type AskingSettings = Pick<
  SourceSettings,
  'confirm' | 'confirmWithin' | 'confirmBy' | 'summary' | 'follow' | 'ended'
>;

/** What people have, where the source does not say. */
const usualTime = '15m';

/** What is said with `confirm`, and means nothing without it. */
const companions = ['confirmWithin', 'confirmBy', 'summary'] as const;

/** How a source asks people first, as the function reads it. Reports what cannot work. */
export function compileConfirm(
  settings: AskingSettings,
  preset: Pick<Preset, 'summary'>,
  hasChannels: boolean,
  report: Report,
): Asking {
  const { confirm, confirmWithin = usualTime, confirmBy: by = 'page' } = settings;
  if (confirm === undefined) {
    reportCompanions(settings, report);
    return {};
  }
  const { of, people } = typeof confirm === 'string' ? { of: confirm, people: 1 as const } : confirm;
  const policy = { of, withinMs: checkedDuration(confirmWithin), by, people };
  reportUnaskable(settings, hasChannels, report);
  reportImpossible(policy, settings, report);
  return { confirm: policy, summary: compileSummary(settings.summary ?? preset.summary, report) };
}

function reportCompanions(settings: AskingSettings, report: Report): void {
  for (const key of companions) {
    if (settings[key] === undefined) continue;
    report(
      [key],
      'this is for the people who decide first, and this source asks no one: add confirm: all, or take this out',
    );
  }
}

function reportUnaskable({ follow }: AskingSettings, hasChannels: boolean, report: Report): void {
  if (!hasChannels) {
    report(
      ['confirm'],
      'people are asked in the channels of notify, and this file has none: add notify: [{ kind: dingtalk, url: DINGTALK_ROBOT_URL }] beside sources, or another channel',
    );
  }
  if (follow === false) {
    report(['follow'], 'with confirm, a task of the follow function asks people and waits: take this out');
  }
}

function reportImpossible(
  { of, by, people }: ConfirmPolicy,
  { ended }: AskingSettings,
  report: Report,
): void {
  if (of === 'ended' && ended === undefined) {
    report(
      ['confirm', 'of'],
      'this source refuses releases that have ended, so there is nothing to ask about: add ended: { within: 30m }, or write confirm: all',
    );
  }
  if (people === 2 && by === 'page') {
    report(
      ['confirm', 'people'],
      'on the page anyone can type any name, so it cannot tell two people apart: add confirmBy: chat, or take people: 2 out',
    );
  }
}

function compileSummary(summary: string | undefined, report: Report): Expression | undefined {
  if (summary === undefined) return undefined;
  return compileExpression(summary, 'summary', (message) => {
    report(['summary'], message);
  });
}

/** Marks the chats whose commands decide, where any source leaves it to them. Reports where there is none. */
export function markDeciding(
  sources: readonly CompiledSource[],
  events: readonly RollbackPolicy[],
  report: Report,
): CompiledSource[] {
  const isLeftToChats = ({ confirm }: RollbackPolicy) => confirm?.by === 'chat';
  const leftToChats = [...sources, ...events].filter(isLeftToChats);
  if (leftToChats.length === 0) return sources.map(withoutPerson);
  if (!sources.some(canDecide)) {
    const reportAll = (key: string, policies: readonly RollbackPolicy[]) => {
      for (const { name } of policies.filter(isLeftToChats)) {
        report([key, name, 'confirmBy'], describeNoChat(sources));
      }
    };
    reportAll('sources', sources);
    reportAll('events', events);
  }
  const people = leftToChats.some(({ confirm }) => confirm?.people === 2) ? 2 : 1;
  return sources.map((source) =>
    canDecide(source) ? { ...source, decides: { people } } : withoutPerson(source),
  );
}

function withoutPerson(source: CompiledSource): CompiledSource {
  const { person, ...rest } = source;
  return person ? rest : source;
}

function isChat({ reply, command }: CompiledSource): boolean {
  return reply !== 'json' && command !== undefined;
}

/** Everyone in a chat can write there: `allow` says whose word counts. */
function canDecide(source: CompiledSource): boolean {
  return isChat(source) && source.allow !== undefined;
}

function describeNoChat(sources: readonly CompiledSource[]): string {
  const chats = sources.filter(isChat).map(({ name }) => name);
  return chats.length > 0
    ? `people decide by a command in a chat, and no chat says whose word counts: add allow to ${chats.join(' or ')}`
    : 'people decide by a command in a chat, and this file has none: add a source with preset: slack, feishu or dingtalk, and with allow';
}
