import { randomUUID } from 'node:crypto';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import type { EventPreset } from '../../../presets/events/event-preset.ts';
import { CliError } from '../../cli/cli.ts';
import { isEventActedOn, sampleEvent } from '../../signing/sample-event.ts';
import { onlyAppOf } from '../../signing/sample-webhook.ts';

/** What to publish, from the command line. Ids are in lower case. */
export interface EventOptions {
  /** A whole event. */
  payload: Buffer | undefined;
  changeOrderId: string | undefined;
  app: string | undefined;
}

/**
 * The event to publish: the one that is given, as it is; or one of now that the source acts on.
 *
 * @param sources of events, all of them
 * @param now epoch milliseconds
 * @throws CliError where the options do not fit the source, or no event can be made on which it acts
 */
export async function makeEvent(
  source: CompiledEventSource,
  sources: readonly CompiledEventSource[],
  preset: EventPreset,
  options: EventOptions,
  now: number,
): Promise<Buffer> {
  const { payload, changeOrderId, app } = options;
  if (payload) {
    if (changeOrderId === undefined && app === undefined) return payload;
    throw new CliError('The event says what to roll back: leave --change-order and --app out.');
  }
  const target = readTarget(source, options);
  const event = sampleEvent(source, preset, target, { now, id: randomUUID() });
  if (await isEventActedOn(source, sources, event, target, now)) return Buffer.from(JSON.stringify(event));
  const [key, id] = 'app' in target ? ['app', target.app] : ['change order', target.changeOrderId];
  throw new CliError(
    `The source ${source.name}: no event was found on which it acts for the ${key} ${id}, so none is sent. Use --payload FILE with an event of its service; npm run explain -- --event FILE shows what becomes of one.`,
  );
}

function readTarget(source: CompiledEventSource, { changeOrderId, app }: EventOptions): Target {
  const { name, apps } = source;
  if (source.changeOrderId) {
    if (changeOrderId !== undefined && app === undefined) return { changeOrderId };
    throw new CliError(`The source ${name} needs a change order: use --change-order ID, or --payload FILE.`);
  }
  const [only, ...others] = apps;
  const chosen = app ?? onlyAppOf(source) ?? (others.length === 0 ? only : undefined);
  if (chosen === undefined || changeOrderId !== undefined) {
    throw new CliError(`The source ${name} needs an application: use --app ID, or --payload FILE.`);
  }
  if (apps.includes(chosen)) return { app: chosen };
  throw new CliError(
    `The source ${name} may not touch the application ${chosen}. Its apps are ${apps.join(', ')}.`,
  );
}
