import { changeOrderStatus, isDocumentedStatus } from '../../../edas/status.ts';
import { Problem, type ErrorCode } from '../../../errors.ts';
import { onOneLine } from '../../../lib/text-for-people.ts';
import type { Language } from '../../../lib/language.ts';
import { versionField } from '../../../rollback/version-history.ts';
import { textsOf as webhookTextsOf } from '../../texts/advice.ts';
import { batchesFact, fact, instancesFact } from './bars.ts';
import { decisionForm, versionsOffered } from './form.ts';
import { documentOf, movingEvery, openEvery } from './frame.ts';
import { html, outside, outsideInTitle, type Markup } from './html.ts';
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
  PageView,
} from './view.ts';

export { headersOfPage } from './frame.ts';

const longestSummary = 400;
const longestProblem = 400;

/** The page on which a person decides, and sees what came of it. */
export function renderPage(view: PageView): string {
  const texts = textsOf(view.language);
  const { heading } = stateOf(view, texts);
  const name = view.app?.name ?? view.app?.id;
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
  return stage.stage === 'open' ? openEvery : undefined;
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
  return rollback.status === changeOrderStatus.awaitingConfirmation ? 'waiting' : 'under_way';
}

function stageMarkup(view: PageView, texts: Texts): Markup {
  const { stage } = view;
  if (stage.stage === 'open') return openMarkup(view, stage, texts);
  const { sentence } = stateOf(view, texts);
  const problem = stage.stage === 'closed' ? stage.problem : undefined;
  const decision = stage.stage === 'closed' ? stage.left : stage.decision;
  return html`<p class="state" data-say>${sentence}</p>
    ${noticeMarkup(problem, texts, view.language)}
    ${stage.stage === 'closed' ? undefined : progressMarkup(stage, texts)}
    ${
      decision &&
      html`<section>
        <h2>${texts.labels.decision}</h2>
        ${decisionMarkup(decision, texts)}
      </section>`
    }
    ${alertMarkup(view, texts)} ${changeMarkup(view, undefined, texts)}`;
}

function openMarkup(view: PageView, open: OpenStage, texts: Texts): Markup {
  return html`<div id="facts">
      <p class="state">${untilMarkup(view, texts)}</p>
      ${alertMarkup(view, texts)} ${changeMarkup(view, open.instances, texts)} ${beforeMarkup(open, texts)}
      <section class="effect" id="effect">
        <h2>${texts.labels.effect}</h2>
        <p>${effectMarkup(view.change, open, texts)}</p>
        ${open.does === 'roll_back_release' ? html`<p>${texts.notUndone}</p>` : undefined}
      </section>
    </div>
    ${decisionForm(open, texts)}`;
}

function untilMarkup({ asked: { expiresAt }, seenAt }: PageView, texts: Texts): Markup | undefined {
  if (!isDate(expiresAt)) return undefined;
  return texts.until(timeMarkup(expiresAt, texts), durationText(expiresAt - seenAt, texts));
}

/** What people decided before, where it can be decided again. */
function beforeMarkup({ left, tried }: OpenStage, texts: Texts): Markup | undefined {
  const decision = tried ?? left;
  if (!decision) return undefined;
  return html`<section>
    <h2>${texts.labels.decision}</h2>
    ${decisionMarkup(decision, texts)}
    <p>${tried ? texts.notBegun : texts.canStill}</p>
  </section>`;
}

function effectMarkup(change: ChangeView, { does, choice }: OpenStage, texts: Texts): Markup | string {
  switch (does) {
    case 'stop_change':
      return texts.stops(versionMarkup(change), change.batches);
    case 'brake':
      return texts.brake;
    case 'roll_back_release': {
      const { fromVersion = '', toVersion } = choice ?? {};
      const isOffered = choice && toVersion !== undefined && versionsOffered(choice).includes(toVersion);
      return texts.deploys(outside(fromVersion), isOffered ? outside(toVersion) : undefined);
    }
  }
}

/** The version in what EDAS calls a deployment. */
function versionMarkup({ description = '' }: ChangeView): Markup | undefined {
  const version = versionField(description)?.split('|')[0]?.trim();
  return version === undefined || version === '' ? undefined : outside(version);
}

function alertMarkup({ asked, seenAt }: PageView, texts: Texts): Markup {
  return html`<section>
    <h2>${texts.labels.alert}</h2>
    ${asked.summary === undefined ? html`<p>${texts.noSummary}</p>` : html`<blockquote>${outside(asked.summary, longestSummary)}</blockquote>`}
    <p class="quiet">
      ${sinceMarkup(asked, seenAt, texts)}${texts.askedBy(outside(asked.source), asked.actor === undefined ? undefined : outside(asked.actor))}.
    </p>
  </section>`;
}

function sinceMarkup(
  { problemStartedAt, requestedAt }: AskedView,
  seenAt: number,
  texts: Texts,
): Markup | undefined {
  const since = problemStartedAt ?? requestedAt;
  if (!isDate(since)) return undefined;
  return html`${texts.since(timeMarkup(since, texts), durationText(seenAt - since, texts))}. `;
}

function changeMarkup(
  { app, change, stage }: PageView,
  instances: InstancesView | undefined,
  texts: Texts,
): Markup {
  const { labels } = texts;
  const isMoving = stage.stage === 'open' && change.status === changeOrderStatus.running;
  return html`<section>
    <h2>${labels.now}</h2>
    <dl>
      ${fact(labels.app, app && outside(app.name ?? app.id))}
      ${fact(labels.version, change.description === undefined ? undefined : outside(change.description, 200))}
      ${fact(labels.status, statusText(change.status, texts))} ${batchesFact(change.batches, isMoving, texts)}
      ${instancesFact(instances, texts)}
      ${fact(labels.began, isDate(change.startedAt) ? timeMarkup(change.startedAt, texts) : undefined)}
      ${fact(labels.change, idMarkup(change.changeOrderId))}
    </dl>
  </section>`;
}

function progressMarkup(
  { rollback, instances, stage }: Pick<MovingStage, 'rollback' | 'instances'> & { stage: string },
  texts: Texts,
): Markup | undefined {
  if (!rollback && !instances) return undefined;
  const { labels } = texts;
  return html`<section>
    <h2>${labels.progress}</h2>
    <dl>
      ${rollback && batchesFact(rollback.batches, stage === 'moving', texts)}
      ${instancesFact(instances, texts)}
      ${rollback && fact(labels.status, statusText(rollback.status, texts))}
      ${rollback && fact(labels.began, isDate(rollback.startedAt) ? timeMarkup(rollback.startedAt, texts) : undefined)}
      ${rollback && fact(labels.rollback, idMarkup(rollback.changeOrderId))}
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

function decisionMarkup({ decision, name, isProved, decidedAt }: DecisionView, texts: Texts): Markup {
  const person = name === undefined || name === '' ? undefined : outside(name);
  const time = isDate(decidedAt) ? timeMarkup(decidedAt, texts) : html``;
  const proof = isProved ? texts.nameIsProved : person && texts.nameIsClaimed;
  return html`<p>${texts.decided(decision, person, time)}</p>
    ${proof === undefined ? undefined : html`<p class="quiet">${proof}</p>`}`;
}

function noticeMarkup(notice: Notice | undefined, texts: Texts, language: Language): Markup | undefined {
  if (!notice) return undefined;
  if (notice.kind === 'changed') return html`<p class="notice" role="alert">${texts.changed}</p>`;
  const text = problemText(notice.code, notice.message, language);
  return html`<p class="notice" role="alert">${texts.notDone} ${text}</p>`;
}

/** Why something was refused or failed, and what to do: the words that a chat would get. */
function problemText(code: ErrorCode, message: string, language: Language): Markup {
  const problem = new Problem(code, onOneLine(message, longestProblem));
  return html`<bdi>${webhookTextsOf(language).problem(problem)}</bdi>`;
}

function footer({ consoleUrl, seenAt, stage }: PageView, texts: Texts): Markup {
  const looks = stage.stage === 'open' || stage.stage === 'moving';
  return html`<footer>
    <p><a href="${consoleUrl}" target="_blank" rel="noreferrer">${texts.labels.console}</a></p>
    <p>
      ${isDate(seenAt) ? texts.asOf(timeMarkup(seenAt, texts)) : undefined}${looks ? html` ${texts.updatesItself}` : undefined}
    </p>
  </footer>`;
}
