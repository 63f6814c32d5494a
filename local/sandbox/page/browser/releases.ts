import type { ApplicationView, OrderView } from '../view.ts';
import { ask } from './ask.ts';
import { fillSelect, find, Keyed, make, say } from './dom.ts';

interface OrderPart {
  root: HTMLElement;
  name: HTMLElement;
  bars: HTMLElement;
  status: HTMLElement;
  next: HTMLButtonElement;
}

interface CardPart {
  root: HTMLElement;
  orders: Keyed<OrderView, OrderPart>;
}

/** Releases as bars, and the form that starts another one. */
export function showReleases(): {
  show: (applications: ApplicationView[]) => void;
  knowApps: (apps: string[]) => void;
} {
  const cards = new Keyed<ApplicationView, CardPart>(
    find('applications', HTMLDivElement),
    makeCard,
    changeCard,
  );
  const select = find('app', HTMLSelectElement);
  const known = new Set<string>();
  const offerApps = (apps: readonly string[]) => {
    const before = known.size;
    for (const app of apps) known.add(app);
    if (known.size === before && select.options.length > 0) return;
    fillSelect(select, [
      { value: '', text: 'a new one' },
      ...[...known].map((app) => ({ value: app, text: app })),
    ]);
  };
  offerApps([]);
  listenToForm(select);
  return {
    show: (applications) => {
      offerApps(applications.map(({ appId }) => appId));
      cards.show(applications.map((application) => [application.appId, application]));
    },
    knowApps: offerApps,
  };
}

function listenToForm(select: HTMLSelectElement): void {
  const batches = find('batches', HTMLInputElement);
  const goesOn = find('goes-on', HTMLInputElement);
  const said = find('release-said', HTMLParagraphElement);
  find('release', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const asked = { app: select.value || null, batches: batches.valueAsNumber, goesOn: goesOn.checked };
    void ask('release', asked).then((result) => {
      if ('refused' in result) say(said, result.refused, 'bad');
      else say(said, 'A release has begun.', 'good');
    });
  });
}

function makeCard(appId: string): CardPart {
  const list = make('div', { class: 'orders' });
  const app = make('p', {
    class: 'app',
    text: `${appId.slice(0, 8)}…${appId.slice(-4)}`,
    with: { title: appId },
  });
  const root = make('article', { class: 'card', with: { 'aria-label': `Application ${appId}` } }, app, list);
  return { root, orders: new Keyed<OrderView, OrderPart>(list, makeOrder, changeOrder) };
}

function changeCard({ orders }: CardPart, application: ApplicationView): void {
  orders.show(application.orders.map((order) => [order.id, order]));
}

function makeOrder(id: string): OrderPart {
  const name = make('strong');
  const bars = make('div', { class: 'bars', with: { role: 'img' } });
  const status = make('span', { class: 'status' });
  const next = make('button', { text: 'Next batch', with: { type: 'button' } });
  next.addEventListener('click', () => {
    void ask('next-batch', { changeOrderId: id });
  });
  const line = make('div', { class: 'order-line' }, status, next);
  return {
    root: make('div', { class: 'order', with: { title: id } }, name, bars, line),
    name,
    bars,
    status,
    next,
  };
}

function changeOrder({ root, name, bars, status, next }: OrderPart, order: OrderView): void {
  root.dataset['tone'] = order.tone;
  root.classList.toggle('rollback', order.isRollback);
  say(name, order.isRollback ? `↩ ${order.description}` : order.description);
  say(status, order.status);
  const done = order.batches.filter((each) => each === 'done').length;
  const label = `${done} of ${order.batches.length} batches done`;
  if (bars.getAttribute('aria-label') !== label) bars.setAttribute('aria-label', label);
  while (bars.children.length < order.batches.length) bars.append(make('span'));
  order.batches.forEach((state, index) => {
    const bar = bars.children[index];
    if (bar && bar.className !== `bar ${state}`) bar.className = `bar ${state}`;
  });
  next.hidden = !order.isWaitingForPerson;
}
