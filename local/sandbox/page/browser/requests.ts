import { stages, type RequestView, type SentView, type StageState } from '../view.ts';
import { ask } from './ask.ts';
import { find, Keyed, make, say } from './dom.ts';
import { factRows } from './facts.ts';

interface RowPart {
  root: HTMLDetailsElement;
  summary: HTMLElement;
  steps: HTMLElement;
  again: HTMLButtonElement;
}

export interface Requests {
  put: (key: string, request: RequestView) => void;
  remove: (key: string) => void;
  clear: () => void;
  /** Opens a request, and brings it into view. */
  open: (key: string | undefined) => void;
}

const marks: Record<StageState, string> = { passed: '✓', stopped: '■', open: '…', 'not reached': '' };

/** Each request as a row that unfolds. */
export function showRequests(): Requests {
  const list = find('requests', HTMLDivElement);
  const empty = make('p', { class: 'hint', text: 'None yet. Send one, here or with npm run send.' });
  list.before(empty);
  const rows = new Keyed<RequestView, RowPart>(list, makeRow, changeRow);
  const open = (key: string | undefined) => {
    const row = rows.get(key ?? '');
    if (!row) return;
    row.root.open = true;
    row.summary.scrollIntoView({ block: 'nearest' });
  };
  return {
    put: (key, request) => {
      empty.hidden = true;
      const { again } = rows.put(key, request);
      again.onclick = () => {
        void ask<SentView>('again', { key }).then((result) => {
          if ('refused' in result) again.title = result.refused;
          else open(result.answer.key);
        });
      };
    },
    remove: (key) => {
      rows.remove(key);
    },
    clear: () => {
      rows.clear();
      empty.hidden = false;
    },
    open,
  };
}

function makeRow(): RowPart {
  const summary = make('summary');
  const steps = make('div');
  const again = make('button', { text: 'Send the same bytes again', with: { type: 'button' } });
  const body = make('div', { class: 'steps' }, steps, again);
  return { root: make('details', { class: 'request' }, summary, body), summary, steps, again };
}

function changeRow({ root, summary, steps, again }: RowPart, request: RequestView): void {
  const { answer, isRepeatable } = request;
  root.dataset['tone'] = answer?.tone ?? 'busy';
  summary.replaceChildren(...headOf(request));
  const log = request.log.length === 0 ? [] : [{ label: 'log', text: request.log.join('\n') }];
  steps.replaceChildren(
    ...request.stages.map(({ stage, state, facts }) => stepOf(stage, state, facts, answer?.tone)),
    ...(answer
      ? [
          stepOf('answer', 'passed', [
            { label: `${answer.status} in ${answer.durationMs} ms`, text: answer.body },
            ...log,
          ]),
        ]
      : []),
  );
  again.hidden = !isRepeatable;
}

function headOf({ at, method, path, answer, stages: views }: RequestView): Node[] {
  const chips = stages.map((stage) => {
    const state = views.find((each) => each.stage === stage)?.state ?? 'open';
    return make('span', {
      class: 'chip',
      text: stage,
      with: { 'data-state': state, 'data-mark': marks[state] },
    });
  });
  const stopped = views.find(({ state }) => state === 'stopped')?.stage;
  const told = stopped === undefined ? 'goes through' : `ended at ${stopped}`;
  const time = make('time', { text: new Date(at).toLocaleTimeString('en-GB') });
  const what = make('code', { class: 'what', text: `${method} ${path}` });
  const way = make('span', { class: 'way', with: { 'aria-hidden': 'true' } }, ...chips);
  const spoken = make('span', { class: 'spoken', text: answer ? told : 'under way' });
  const status = make('strong', {
    class: 'code',
    text: answer ? `${answer.status} ${answer.code ?? ''}` : '…',
  });
  const why = make('span', { class: 'why', text: answer?.detail ?? '' });
  return [time, what, status, way, spoken, why];
}

function stepOf(
  name: string,
  state: StageState,
  facts: RequestView['stages'][number]['facts'],
  tone?: string,
): HTMLElement {
  const words: Record<StageState, string> = {
    passed: '',
    stopped: 'it ended here',
    open: 'not known yet',
    'not reached': 'not reached',
  };
  const head = make('h3', {}, make('span', { text: name }), make('small', { text: words[state] }));
  const section = make('section', { class: 'step', with: { 'data-state': state } }, head);
  if (tone !== undefined) section.dataset['tone'] = tone;
  if (facts.length > 0) section.append(make('dl', { class: 'facts' }, ...factRows(facts)));
  return section;
}

/** Says in a line what became of what was sent. */
export function sayAnswered(element: HTMLElement, { status }: SentView): void {
  say(element, `Answered ${status}. See the newest request.`, status < 300 ? 'good' : 'bad');
}
