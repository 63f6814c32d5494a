import type { PageEvent, PageEvents } from './view.ts';

/** Something that the page is told. Without a value, what was told under the key is forgotten. */
export interface FeedEntry {
  kind: PageEvent;
  key: string;
  value: PageEvents[PageEvent] | undefined;
}

/** What the page is told: the newest of each thing, so that a page that is opened later knows as much. */
export interface Feed {
  tell: <Kind extends PageEvent>(kind: Kind, value: PageEvents[Kind], key?: string) => void;
  /** Tells all that is known, in the order in which it began, and then what happens. @returns what ends that */
  listen: (hear: (entry: FeedEntry) => void) => () => void;
  /** How many listen. */
  openPages: () => number;
}

/** Requests and messages that are kept. The oldest are forgotten first. */
const mostOfAKind = 100;

export function createFeed(): Feed {
  const known = new Map<string, { entry: FeedEntry; json: string }>();
  const listeners = new Set<(entry: FeedEntry) => void>();
  const tellAll = (entry: FeedEntry) => {
    for (const hear of listeners) hear(entry);
  };
  const forgetOldest = (kind: PageEvent) => {
    const same = [...known].filter(([, { entry }]) => entry.kind === kind);
    for (const [id, { entry }] of same.slice(0, -mostOfAKind)) {
      known.delete(id);
      tellAll({ ...entry, value: undefined });
    }
  };
  return {
    tell: (kind, value, key = '') => {
      const id = `${kind} ${key}`;
      const json = JSON.stringify(value);
      if (known.get(id)?.json === json) return;
      const entry = { kind, key, value };
      known.set(id, { entry, json });
      tellAll(entry);
      forgetOldest(kind);
    },
    listen: (hear) => {
      for (const { entry } of known.values()) hear(entry);
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
    openPages: () => listeners.size,
  };
}
