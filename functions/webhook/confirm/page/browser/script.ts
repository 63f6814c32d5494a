/**
 * What the page does in a browser that runs scripts: it looks again by itself, keeps what a person types, and says what
 * has changed. Nothing depends on it. `npm run build` writes it into ../assets.ts.
 */

const timeoutMs = 10_000;
const longestPauseMs = 60_000;
/** What is asked must not change under a finger that is on its way to a button. */
const holdMs = 1_500;

const wait = { until: 0 };
let failures = 0;
let seenAt = Date.now();
let timer = 0;
let said = '';

const mainOf = (page: ParentNode) => page.querySelector('main');
const shownBy = (page: ParentNode) => page.querySelector<HTMLInputElement>('[name=shown]')?.value;
const textOf = (key: string) => document.body.dataset[key] ?? '';

function fill(id: string, text: string): void {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

/** Times as the reader's clock shows them; the date only of another day. */
function inLocalTerms(time: Date, seconds = false): string {
  const isToday = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(document.documentElement.lang, {
    ...(!isToday && { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds && { second: '2-digit' }),
    hourCycle: 'h23',
  });
}

function showLocalTimes(): void {
  for (const time of document.querySelectorAll('time')) {
    time.textContent = inLocalTerms(new Date(time.dateTime), time.hasAttribute('data-seconds'));
  }
}

/** Tells a screen reader how it stands, where that is not what it has been told. */
function announce(): void {
  const parts = Array.from(document.querySelectorAll('h1, [data-say]'), (part) => part.textContent.trim());
  const text = parts.join(' ');
  if (said !== '' && said !== text) fill('said', text);
  said = text;
}

/** Puts what is new into the page. The form stays as long as it asks the same. */
function show(next: Document): void {
  const [main, nextMain] = [mainOf(document), mainOf(next)];
  if (!main || !nextMain) return;
  const wasOpen = shownBy(main);
  if (wasOpen !== undefined && wasOpen === shownBy(nextMain)) {
    const facts = nextMain.querySelector('#facts');
    if (facts) main.querySelector('#facts')?.replaceWith(facts);
  } else {
    const restore = remember(main);
    main.replaceWith(nextMain);
    document.title = next.title;
    restore(nextMain);
    if (wasOpen !== undefined) {
      wait.until = Date.now() + holdMs;
      fill('news', textOf('changed'));
      scrollTo({ top: 0 });
    }
  }
  showLocalTimes();
  announce();
}

/** Takes note of what a person has typed and chosen, and of where the focus is. */
function remember(main: HTMLElement): (next: HTMLElement) => void {
  const focused = main.contains(document.activeElement) ? document.activeElement?.id : undefined;
  const name = main.querySelector<HTMLInputElement>('[name=name]')?.value;
  const version = main.querySelector<HTMLInputElement>('[name=version]:checked')?.value;
  return (next) => {
    const field = next.querySelector<HTMLInputElement>('[name=name]');
    if (field && name) field.value = name;
    for (const choice of next.querySelectorAll<HTMLInputElement>('[name=version]')) {
      if (choice.value === version) choice.checked = true;
    }
    if (focused === undefined) return;
    const again = focused === '' ? null : document.getElementById(focused);
    (again ?? next.querySelector('h1'))?.focus({ preventScroll: true });
  };
}

async function read(): Promise<Document> {
  const controller = new AbortController();
  const timeout = setTimeout(() => {
    controller.abort();
  }, timeoutMs);
  try {
    const response = await fetch(location.href, { cache: 'no-store', signal: controller.signal });
    if (response.status >= 500) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    // A gateway that stands between may answer with a page of its own.
    if (!mainOf(page)) throw new Error('another page');
    return page;
  } finally {
    clearTimeout(timeout);
  }
}

async function look(): Promise<void> {
  clearTimeout(timer);
  timer = 0;
  if (!isSending()) {
    try {
      const next = await read();
      if (!isSending()) show(next);
      failures = 0;
      seenAt = Date.now();
      fill('link', '');
    } catch {
      failures += 1;
      fill('link', textOf('offline').replace('{time}', inLocalTerms(new Date(seenAt), true)));
    }
  }
  lookLater();
}

/** Where nothing changes any more, the page does not say how often to look. */
function lookLater(): void {
  clearTimeout(timer);
  const everyMs = Number(mainOf(document)?.dataset['every'] ?? 0) * 1000;
  if (everyMs > 0) timer = setTimeout(lookIfSeen, Math.min(everyMs * 2 ** failures, longestPauseMs));
}

function lookIfSeen(): void {
  if (!document.hidden) void look();
}

function isSending(): boolean {
  return Date.now() < wait.until;
}

document.addEventListener('submit', (event) => {
  if (isSending()) {
    event.preventDefault();
    return;
  }
  // An answer that never comes must not close the form for good. It may be sent twice: that is one decision.
  wait.until = Date.now() + timeoutMs;
  fill('link', textOf('sending'));
});
document.addEventListener('visibilitychange', lookIfSeen);
addEventListener('online', lookIfSeen);
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  wait.until = 0;
  fill('link', '');
  lookIfSeen();
});

showLocalTimes();
announce();
lookLater();
