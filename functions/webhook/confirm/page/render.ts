import { changeOrderStatus, isDocumentedStatus } from '../../../edas/status.ts';
import { Problem, type ErrorCode } from '../../../errors.ts';
import { onOneLine } from '../../../lib/text-for-people.ts';
import type { Language } from '../../../lib/language.ts';
import { versionField } from '../../../rollback/version-history.ts';
import { textsOf as webhookTextsOf } from '../../texts/advice.ts';
import { batchesFact, fact, instancesFact } from './bars.ts';
import { decisionForm, versionsOffered } from './form.ts';
import { documentOf, movingEvery, openEvery } from './frame.ts';
import { html, outside, outsideIfVisible, outsideInTitle, isVisible, type Markup } from './html.ts';
import { textsOf } from './texts-of.ts';
import type { StateTexts, Texts } from './texts.ts';
import { durationText, isDate, timeMarkup } from './time.ts';
import type {
  AskedView,
  ChangeView,
  DecisionView,
  InstancesView,
  MovingStage,
  Notice,
  OpenStage,
  OverStage,
  PageView,
} from './view.ts';

export { headersOfPage } from './frame.ts';

const longestSummary = 400;
const longestDescription = 200;
const longestProblem = 400;

/** The page on which a person decides, and sees what came of it. */
export function renderPage(view: PageView): string {
  const texts = textsOf(view.language);
  const { heading } = stateOf(view, texts);
  const name = isVisible(view.app?.name) ? view.app.name : view.app?.id;
  const named = (write: (text: string) => Markup) =>
    heading(name === undefined ? html`${texts.theApplication}` : write(name));
  return documentOf({
    texts,
    title: html`${named(outsideInTitle)} – ${texts.product}`,
    main: html`<p class="brand">${texts.product}</p>
      <h1 tabindex="-1">${named(outside)}</h1>
      ${noticeMarkup(view.notice, texts, view.language)} ${stageMarkup(view, texts)} ${footer(view, texts)}`,
    every: everyOf(view),
  });
}

/** What is shown where there is no page: the link does not open it, or it cannot be made now. */
export function renderProblem({ language, code, message }: ProblemView): string {
  const texts = textsOf(language);
  const { heading, sentence } = texts.problems[code] ?? texts.otherProblem;
  return documentOf({
    texts,
    title: html`${heading} – ${texts.product}`,
    main: html`<p class="brand">${texts.product}</p>
      <h1>${heading}</h1>
      <p class="state">${sentence}</p>
      <section>
        <h2>${texts.labels.problem}</h2>
        <p>${problemText(code, message, language)}</p>
      </section>`,
  });
}

export interface ProblemView {
  language: Language;
  code: ErrorCode;
  message: string;
}

function everyOf({ stage }: PageView): number | undefined {
  if (stage.stage === 'moving') return movingEvery;
  const mayChange = stage.stage === 'over' ? stage.result === 'unknown' : isUnreadable(stage);
  return stage.stage === 'open' || mayChange ? openEvery : undefined;
}

function isUnreadable(stage: PageView['stage']): boolean {
  return stage.stage === 'closed' && stage.reason === 'unreadable';
}

/** The words of a state; those of an open one stand in its form. */
function stateOf({ stage }: PageView, texts: Texts): Pick<StateTexts, 'heading'> & Partial<StateTexts> {
  switch (stage.stage) {
    case 'open':
      return texts.open[stage.does];
    case 'moving':
      return texts.moving[movingTopicOf(stage)];
    case 'over':
      return texts.over[stage.result];
    case 'closed':
      return texts.closed[stage.reason];
  }
}

function movingTopicOf({ isInDoubt, rollback }: MovingStage): keyof Texts['moving'] {
  if (isInDoubt) return 'in_doubt';
  if (!rollback) return 'handed_over';
  if (rollback.status === undefined) return 'unseen';
  return rollback.status === changeOrderStatus.awaitingConfirmation ? 'waiting' : 'under_way';
}

function stageMarkup(view: PageView, texts: Texts): Markup {
  const { stage, language } = view;
  switch (stage.stage) {
    case 'open':
      return openMarkup(view, stage, texts);
    case 'closed':
      return html`${sentenceMarkup(view, texts)}
      ${stage.problem && noticeMarkup(stage.problem, texts, language, false)}
      ${decisionSection(stage.left, undefined, texts)} ${alertMarkup(view, texts)}
      ${nowMarkup(view, undefined, texts)} ${detailsMarkup(view, texts)}`;
    default:
      return html`${sentenceMarkup(view, texts)} ${progressMarkup(stage, texts)}
      ${decisionSection(stage.decision, undefined, texts)} ${alertMarkup(view, texts)}
      ${detailsMarkup(view, texts)}`;
  }
}

/** How an end looks. */
const kindOf: Record<OverStage['result'], string> = {
  rolled_back: 'good',
  unhealthy: 'bad',
  partly: 'bad',
  failed: 'bad',
  terminated: 'bad',
  already_over: '',
  unknown: 'bad',
};

/** What the state is, and what to do next. */
function sentenceMarkup(view: PageView, texts: Texts): Markup {
  const { stage } = view;
  const { sentence } = stateOf(view, texts);
  const kind = stage.stage === 'over' ? kindOf[stage.result] : '';
  return html`<p class="state ${kind}" data-say>${sentence}</p>`;
}

function openMarkup(view: PageView, open: OpenStage, texts: Texts): Markup {
  const { does, left, tried, instances } = open;
  const notUndone = does === 'roll_back_release' ? html`<p>${texts.notUndone}</p>` : undefined;
  return html`<div id="facts">
      <p class="state">${untilMarkup(view, texts)}</p>
      ${alertMarkup(view, texts)} ${does === 'brake' ? undefined : nowMarkup(view, instances, texts)}
      ${decisionSection(tried ?? left, tried ? texts.notBegun : texts.canStill, texts)}
      <section class="effect" id="effect">
        <h2>${texts.labels.effect}</h2>
        <p>${effectMarkup(view.change, open, texts)}</p>
        ${notUndone}
      </section>
    </div>
    ${decisionForm(open, texts)} ${detailsMarkup(view, texts)}`;
}

function untilMarkup({ asked: { expiresAt }, seenAt }: PageView, texts: Texts): Markup | undefined {
  if (!isDate(expiresAt)) return undefined;
  return texts.until(timeMarkup(expiresAt, texts), durationText(expiresAt - seenAt, texts));
}

function effectMarkup(change: ChangeView, { does, choice }: OpenStage, texts: Texts): Markup | string {
  switch (does) {
    case 'stop_change':
      return texts.stops(versionMarkup(change), change.batches);
    case 'brake':
      return texts.brake;
    case 'roll_back_release': {
      const versions = choice ? versionsOffered(choice) : [];
      if (!choice || versions.length === 0) return texts.noVersion;
      const sure = versions.find((version) => version === choice.toVersion);
      return texts.deploys(outside(choice.fromVersion), outsideIfVisible(sure));
    }
  }
}

/** The version in what EDAS calls a deployment. */
function versionMarkup({ description = '' }: ChangeView): Markup | undefined {
  return outsideIfVisible(versionField(description)?.split('|')[0]);
}

function alertMarkup({ asked, seenAt }: PageView, texts: Texts): Markup {
  const summary = outsideIfVisible(asked.summary, longestSummary);
  const words =
    summary === undefined ? html`<p>${texts.noSummary}</p>` : html`<blockquote>${summary}</blockquote>`;
  return html`<section>
    <h2>${texts.labels.alert}</h2>
    ${words}
    <p class="quiet">${sinceMarkup(asked, seenAt, texts)}</p>
  </section>`;
}

function sinceMarkup(
  { problemStartedAt, requestedAt }: AskedView,
  seenAt: number,
  texts: Texts,
): Markup | undefined {
  const since = problemStartedAt ?? requestedAt;
  return isDate(since)
    ? texts.since(timeMarkup(since, texts), durationText(seenAt - since, texts))
    : undefined;
}

/** How the release stands. */
function nowMarkup({ change, stage }: PageView, instances: InstancesView | undefined, texts: Texts): Markup {
  const moves = stage.stage === 'open' && change.status === changeOrderStatus.running;
  return html`<section>
    <h2>${texts.labels.now}</h2>
    <dl>
      ${fact(texts.labels.status, statusText(change.status, texts))}
      ${batchesFact(change.batches, moves, texts)} ${instancesFact(instances, texts)}
    </dl>
  </section>`;
}

/** What a person needs to find all of this elsewhere. */
function detailsMarkup({ app, change, asked, stage }: PageView, texts: Texts): Markup {
  const { labels } = texts;
  const { description, startedAt, status, changeOrderId } = change;
  const isShownAbove = stage.stage === 'open' || stage.stage === 'closed';
  return html`<section>
    <h2>${labels.details}</h2>
    <dl>
      ${app && fact(labels.app, html`${outsideIfVisible(app.name)} ${idMarkup(app.id)}`)}
      ${fact(labels.description, outsideIfVisible(description, longestDescription))}
      ${fact(labels.change, idMarkup(changeOrderId))}
      ${fact(labels.status, isShownAbove ? undefined : statusText(status, texts))}
      ${fact(labels.began, isDate(startedAt) ? timeMarkup(startedAt, texts) : undefined)}
      ${fact(labels.actor, outsideIfVisible(asked.actor))} ${fact(labels.source, outside(asked.source))}
    </dl>
  </section>`;
}

/** How the rollback stands. */
function progressMarkup(
  { stage, rollback, instances }: MovingStage | OverStage,
  texts: Texts,
): Markup | undefined {
  if (!rollback && !instances) return undefined;
  const { labels } = texts;
  const { batches, status, startedAt, changeOrderId } = rollback ?? {};
  return html`<section>
    <h2>${labels.progress}</h2>
    <dl>
      ${fact(labels.status, rollback && statusText(status, texts))}
      ${batchesFact(batches, stage === 'moving', texts)} ${instancesFact(instances, texts)}
      ${fact(labels.began, isDate(startedAt) ? timeMarkup(startedAt, texts) : undefined)}
      ${fact(labels.rollback, changeOrderId && idMarkup(changeOrderId))}
    </dl>
  </section>`;
}

function statusText(status: number | undefined, texts: Texts): string {
  if (status === undefined) return texts.notReadable;
  return isDocumentedStatus(status) ? texts.status[status] : texts.otherStatus(status);
}

function idMarkup(id: string): Markup {
  return html`<span class="id">${outside(id)}</span>`;
}

/** Who decided what. @param next what that means for the page now */
function decisionSection(
  view: DecisionView | undefined,
  next: string | undefined,
  texts: Texts,
): Markup | undefined {
  if (!view) return undefined;
  const { decision, name, isProved, decidedAt } = view;
  const person = outsideIfVisible(name);
  const time = isDate(decidedAt) ? timeMarkup(decidedAt, texts) : undefined;
  const proof = isProved ? texts.nameIsProved : person && texts.nameIsClaimed;
  return html`<section>
    <h2>${texts.labels.decision}</h2>
    <p>${texts.decided(decision, person, time)}</p>
    ${proof === undefined ? undefined : html`<p class="quiet">${proof}</p>`}
    ${next === undefined ? undefined : html`<p>${next}</p>`}
  </section>`;
}

/** @param isAnswer to what a person just did */
function noticeMarkup(
  notice: Notice | undefined,
  texts: Texts,
  language: Language,
  isAnswer = true,
): Markup | undefined {
  if (!notice) return undefined;
  if (notice.kind === 'changed') return html`<p class="notice" role="alert">${texts.changed}</p>`;
  const text = problemText(notice.code, notice.message, language);
  return html`<p class="notice" role="alert">
    ${isAnswer && notice.code !== 'edas_outcome_unknown' ? html`${texts.notDone} ` : undefined}${text}
  </p>`;
}

/** Why something was refused or failed, and what to do: the words that a chat would get. */
function problemText(code: ErrorCode, message: string, language: Language): Markup {
  const problem = new Problem(code, onOneLine(message, longestProblem));
  return html`<bdi>${webhookTextsOf(language).problem(problem)}</bdi>`;
}

function footer(view: PageView, texts: Texts): Markup {
  const { consoleUrl, seenAt } = view;
  const looks = everyOf(view) !== undefined;
  return html`<footer>
    <p><a href="${consoleUrl}" target="_blank" rel="noreferrer">${texts.labels.console}</a></p>
    <p>
      ${isDate(seenAt) ? texts.asOf(timeMarkup(seenAt, texts)) : undefined}${looks ? html` ${texts.updatesItself}` : undefined}
    </p>
  </footer>`;
}
