import { environmentFiles } from '../deploy/environment-file.ts';
import { readDeployEnvironment } from './env-file.ts';
import { warning, type Finding } from './finding.ts';
import { readFunctions, type Functions } from './read-functions.ts';

/** Files of the folder that deploy to the same functions as this one: each deployment would replace the other. */
export function checkOtherEnvironments(folder: string, file: string, own: Functions): Finding[] {
  return environmentFiles(folder)
    .filter((other) => other !== file)
    .flatMap((other) => {
      const { region, functionName, eventsFunction, env } = readFunctions(
        folder,
        readDeployEnvironment(folder, {}, other).env,
      );
      if (region !== own.region) return [];
      const shared = [
        functionName === own.functionName && `WEBHOOK_FUNCTION (${functionName})`,
        env['FOLLOW_FUNCTION'] === own.env['FOLLOW_FUNCTION'] &&
          `FOLLOW_FUNCTION (${env['FOLLOW_FUNCTION'] ?? ''})`,
        eventsFunction !== undefined &&
          eventsFunction === own.eventsFunction &&
          `EVENTS_FUNCTION (${eventsFunction})`,
      ].filter((name) => name !== false);
      if (shared.length === 0) return [];
      return [
        warning(
          `${file} and ${other} deploy to the same functions in ${region}: ${shared.join(', ')}`,
          'Give each environment names of its own, or a region of its own: one deployment replaces the other.',
        ),
      ];
    });
}
