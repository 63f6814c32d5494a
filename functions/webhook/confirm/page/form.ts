import { html, isVisible, outside, type Markup } from './html.ts';
import type { Texts } from './texts.ts';
import type { OpenStage } from './view.ts';

type Choice = NonNullable<OpenStage['choice']>;

/** So many versions can be chosen from: the newest, and the one that ran before. */
const mostVersions = 8;
/** A version whose name is longer cannot be told from others on a phone. EDAS's own names have a date and a time. */
const longestVersion = 96;
const longestName = 64;

/** The versions that the form offers. */
export function versionsOffered({ candidates, toVersion }: Choice): string[] {
  const short = candidates.filter((version) => isVisible(version) && version.length <= longestVersion);
  return [...new Set(short)].filter((version, index) => index < mostVersions || version === toVersion);
}

/**
 * The form in which a person decides. It is sent to the page's own address; the button says what is decided.
 *
 * The first button is one that does nothing: a browser presses the first one when a person types Enter in a field.
 * https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#implicit-submission
 */
export function decisionForm(open: OpenStage, texts: Texts): Markup {
  const { shown, does, choice, left, tried } = open;
  const versions = choice ? versionsOffered(choice) : [];
  const rollBack =
    does === 'roll_back_release' && versions.length === 0
      ? undefined
      : html`<button
          id="roll_back"
          class="danger"
          name="decision"
          value="roll_back"
          aria-describedby="effect"
        >
          ${tried ? texts.rollBackAgain : texts.rollBack}
        </button>`;
  const leave =
    left || tried
      ? undefined
      : html`<button id="leave" name="decision" value="leave" formnovalidate>${texts.leave}</button>`;
  return html`<form method="post" action="">
    <button disabled hidden></button>
    <input type="hidden" name="shown" value="${shown}" />
    ${choice && versionChoice(choice, versions, texts)}
    <div class="name">
      <label for="name">${texts.name}</label>
      <input id="name" name="name" maxlength="${longestName}" autocomplete="name" aria-describedby="hint" />
      <p id="hint" class="quiet">${texts.nameHint}</p>
    </div>
    <div class="buttons">${rollBack} ${leave}</div>
  </form>`;
}

function versionChoice({ toVersion }: Choice, versions: readonly string[], texts: Texts): Markup | undefined {
  if (versions.length === 0) return undefined;
  const isSure = versions.some((version) => version === toVersion);
  return html`<fieldset>
    <legend>${texts.chooseVersion}</legend>
    ${isSure ? undefined : html`<p>${texts.noVersionIsSure}</p>`}
    ${versions.map((version, index) => versionOption(version, index, version === toVersion, texts))}
  </fieldset>`;
}

function versionOption(version: string, index: number, isSure: boolean, texts: Texts): Markup {
  const mark = isSure ? html` <span class="sure">${texts.sureVersion}</span>` : undefined;
  return html`<label class="choice"
    ><input
      type="radio"
      id="version${index}"
      name="version"
      value="${version}"
      required${isSure ? html` checked` : undefined}
    />
    <span>${outside(version, longestVersion)}${mark}</span></label
  > `;
}
