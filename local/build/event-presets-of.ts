import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { toRecord, toText } from '../../functions/lib/json.ts';
import type { EventPreset } from '../../presets/events/event-preset.ts';
import { eventPresets } from '../../presets/events/index.ts';

/** The presets of the sources of events in a file that compiles, by the names of the sources: the function does not know them. */
export function eventPresetsOf(file: string): ReadonlyMap<string, EventPreset> {
  const presets: ReadonlyMap<string, EventPreset> = new Map(Object.entries(eventPresets));
  const { events } = toRecord(parse(readFileSync(file, 'utf8')));
  const pairs = Object.entries(toRecord(events)).flatMap(([name, settings]) => {
    const preset = presets.get(toText(toRecord(settings)['preset']) ?? '');
    return preset ? [[name, preset] as const] : [];
  });
  return new Map(pairs);
}
