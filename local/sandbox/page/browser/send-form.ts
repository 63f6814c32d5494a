import {
  sendingWays,
  type ExplanationView,
  type SampleView,
  type SandboxView,
  type SendingWay,
  type SentView,
  type SourceView,
} from '../view.ts';
import { ask } from './ask.ts';
import { fillSelect, find, make, say } from './dom.ts';
import { factRows } from './facts.ts';
import { sayAnswered, type Requests } from './requests.ts';

const hints: Record<SendingWay, string> = {
  right: 'Signed with the secret of the source, as its sender would.',
  forged: 'Signed with a wrong secret, as somebody would who does not have it.',
  stale: 'Signed rightly, but a minute longer ago than the function allows.',
  repeated: 'The newest request of this source once more, byte for byte. The payload above is not used.',
};

const hintsOfEvents: Record<SendingWay, string> = {
  right: 'As it is: no event is signed. EventBridge may deliver it twice, and does so here.',
  forged: 'The event names another account.',
  stale: 'The time of the event is a minute more than maxAge ago.',
  repeated: 'The newest event of this source once more, byte for byte. The payload above is not used.',
};

/** The form that signs and sends, and the box that explains. */
export function showSendForm(requests: Pick<Requests, 'open'>): { know: (sandbox: SandboxView) => void } {
  const form = find('send', HTMLFormElement);
  const source = find('source', HTMLSelectElement);
  const body = find('body', HTMLTextAreaElement);
  const contentType = find('content-type', HTMLInputElement);
  const target = find('target', HTMLParagraphElement);
  const said = find('send-said', HTMLParagraphElement);
  const ways = makeWays();
  let sources: SourceView[] = [];
  let app = '';

  const showWays = () => {
    const chosen = sources.find(({ name }) => name === source.value);
    ways.explain(chosen?.isOfEvents === true ? hintsOfEvents : hints);
    ways.allow('stale', chosen?.secondsValid !== undefined);
  };
  const takeSample = async () => {
    const result = await ask<SampleView>('sample', { source: source.value });
    if ('refused' in result) {
      say(target, result.refused, 'bad');
      return;
    }
    const sample = result.answer;
    body.value = indented(sample.body);
    contentType.value = sample.contentType;
    ({ app } = sample);
    say(
      target,
      sample.caution ?? `It asks for ${sample.target}.`,
      sample.caution === undefined ? 'quiet' : 'busy',
    );
  };
  const send = async () => {
    say(said, 'Sending…', 'quiet');
    const way = ways.chosen();
    const asked = { source: source.value, way, body: body.value, contentType: contentType.value, app };
    const result = await ask<SentView>('send', asked);
    if ('refused' in result) say(said, result.refused, 'bad');
    else {
      sayAnswered(said, result.answer);
      requests.open(result.answer.key);
    }
  };

  source.addEventListener('change', () => {
    showWays();
    void takeSample();
  });
  find('sample', HTMLButtonElement).addEventListener('click', () => void takeSample());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
  find('explain', HTMLButtonElement).addEventListener('click', () => {
    void explain(source.value, body.value, said);
  });
  return {
    know: (sandbox) => {
      ({ sources } = sandbox);
      fillSelect(
        source,
        sources.map(({ name }) => ({ value: name, text: name })),
      );
      showWays();
      if (body.value === '') void takeSample();
    },
  };
}

/** One radio button for each way to sign. */
function makeWays(): {
  chosen: () => SendingWay;
  allow: (way: SendingWay, isAllowed: boolean) => void;
  /** Says what each way means for the source. */
  explain: (meanings: typeof hints) => void;
} {
  const hint = find('way-hint', HTMLParagraphElement);
  let meanings = hints;
  const inputs = new Map(
    sendingWays.map(
      (way) => [way, make('input', { with: { type: 'radio', name: 'way', value: way } })] as const,
    ),
  );
  const choose = (way: SendingWay) => {
    const input = inputs.get(way);
    if (input) input.checked = true;
    say(hint, meanings[way]);
  };
  for (const [way, input] of inputs) {
    input.addEventListener('change', () => {
      choose(way);
    });
    find('ways', HTMLDivElement).append(make('label', {}, input, make('span', { text: way })));
  }
  choose('right');
  const chosen = () => sendingWays.find((way) => inputs.get(way)?.checked === true) ?? 'right';
  return {
    chosen,
    explain: (given) => {
      meanings = given;
      say(hint, meanings[chosen()]);
    },
    allow: (way, isAllowed) => {
      const input = inputs.get(way);
      if (!input) return;
      input.disabled = !isAllowed;
      input.title = isAllowed ? '' : 'What this source is proved with holds no time.';
      if (!isAllowed && input.checked) choose('right');
    },
  };
}

async function explain(source: string, body: string, said: HTMLElement): Promise<void> {
  const panel = find('explanation', HTMLDivElement);
  const result = await ask<ExplanationView>('explain', { source, body });
  if ('refused' in result) {
    say(said, result.refused, 'bad');
    return;
  }
  const { verdict, tone, facts } = result.answer;
  say(find('verdict', HTMLParagraphElement), verdict, tone);
  find('rules', HTMLDListElement).replaceChildren(...factRows(facts));
  panel.hidden = false;
  say(said, 'Explained below. Nothing was sent.', 'quiet');
}

/** JSON is easier to change with a field on each line. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
