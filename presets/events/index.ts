import { cloudevent } from './cloudevent.ts';
import { edasEvent } from './edas-event.ts';
import type { EventPreset } from './event-preset.ts';
import { slsEvent } from './sls-event.ts';

/** The presets of `events` by name, in the order of docs/sources.md. Only the build reads them. */
export const eventPresets = {
  'sls-event': slsEvent,
  'edas-event': edasEvent,
  cloudevent,
} as const satisfies Record<string, EventPreset>;

export type EventPresetName = keyof typeof eventPresets;
