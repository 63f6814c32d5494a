import { armsEvent } from './arms-event.ts';
import { cloudevent } from './cloudevent.ts';
import { cloudmonitorEvent } from './cloudmonitor-event.ts';
import { edasEvent } from './edas-event.ts';
import type { EventPreset } from './event-preset.ts';
import { slsEvent } from './sls-event.ts';

/** The presets of `events` by name, in the order of docs/sources.md. Only the build reads them. */
export const eventPresets = {
  'sls-event': slsEvent,
  'arms-event': armsEvent,
  'cloudmonitor-event': cloudmonitorEvent,
  'edas-event': edasEvent,
  cloudevent,
} as const satisfies Record<string, EventPreset>;

export type EventPresetName = keyof typeof eventPresets;
