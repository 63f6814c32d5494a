/** Which events a source takes, by names that may end in a *. */
interface Taken {
  eventSources: readonly string[];
  eventTypes: readonly string[];
}

/** Alerts of Simple Log Service go to a bus that one makes for them, although they are called acs. as all of Alibaba Cloud's are. */
const onOwnBus = ['acs.sls.alert'];

/**
 * The names of those sources whose events come on the bus `default`, to which only Alibaba Cloud's services publish. The trigger of
 * a function makes a rule on that bus, and on no other.
 * https://www.alibabacloud.com/help/en/doc-detail/163897
 */
export function sourcesOnDefaultBus({ eventSources }: Taken): string[] {
  return eventSources.filter((name) => name.startsWith('acs.') && !onOwnBus.includes(name));
}

/**
 * The pattern with which a rule lets exactly these events pass.
 * https://www.alibabacloud.com/help/en/eventbridge/user-guide/event-patterns
 */
export function eventPattern(sources: readonly string[], types: readonly string[]): string {
  const isAnyType = types.includes('*');
  return JSON.stringify({ source: sources.map(matching), ...(!isAnyType && { type: types.map(matching) }) });
}

function matching(name: string): unknown {
  return name.endsWith('*') ? { prefix: name.slice(0, -1) } : name;
}

/**
 * The text of an s.yaml whose one trigger of EventBridge has another pattern.
 *
 * @returns undefined where there is not exactly one, or where it is not written in quotes on one line
 */
export function withEventPattern(text: string, pattern: string): string | undefined {
  const line = /^( +eventRuleFilterPattern: )'[^'\n]*'/gm;
  const found = [...text.matchAll(line)];
  if (found.length !== 1) return undefined;
  return text.replace(line, (_all, key: string) => `${key}'${pattern.replaceAll("'", "''")}'`);
}
