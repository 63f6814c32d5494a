import type { CredentialsProvider } from '../../../functions/alibaba/credentials.ts';
import { ExchangeFailure } from '../../../functions/alibaba/exchange.ts';
import { readOrigin } from '../../../functions/alibaba/origin.ts';
import { Problem } from '../../../functions/errors.ts';
import { toRecord, toText } from '../../../functions/lib/json.ts';
import type { TaskFunction } from '../../../functions/platform/fc2-task-queue.ts';
import { invocationCredentials } from '../../../functions/platform/invocation-credentials.ts';
import { setting, type Environment } from '../../../functions/platform/settings.ts';
import { CliError } from '../../cli/cli.ts';
import { takeEvent } from '../../stand-ins/eventbridge/take-event.ts';
import { Refusal } from '../../stand-ins/guard.ts';

/** As s.yaml has it. */
const usualName = 'sls-ops-edas-rollback-events';

/** Longer than the function may take. */
const longestWaitMs = 65_000;

/** What an invocation came to, as the stand-in of EventBridge tells it. */
export type InvocationEnd = { returned: unknown } | { threw: string };

/**
 * The events function that is deployed, as the environment names it.
 *
 * @throws CliError that says what is missing
 */
export function readDeployedFunction(account: string | undefined, env: Environment): TaskFunction {
  const region = setting(env, 'REGION');
  if (region === undefined) {
    throw new CliError(
      'Set the region of the function first: REGION=cn-hangzhou npm run send -- --event --deployed …',
    );
  }
  const accountId = account ?? setting(env, 'FC_ACCOUNT_ID');
  if (accountId === undefined) {
    throw new CliError(
      'Which account the function is in is not known: say --account ID, or set FC_ACCOUNT_ID. aliyun sts GetCallerIdentity tells it.',
    );
  }
  return {
    name: setting(env, 'EVENTS_FUNCTION') ?? usualName,
    region,
    accountId,
    endpoint: endpointOf(setting(env, 'FUNCTION_ENDPOINT')),
  };
}

function endpointOf(override: string | undefined): string | undefined {
  if (override === undefined) return undefined;
  const read = readOrigin(override);
  if ('origin' in read) return read.origin;
  throw new CliError(`FUNCTION_ENDPOINT ${read.fault}.`);
}

/**
 * The event with what EventBridge adds to it, since EventBridge does not see it.
 *
 * @param now epoch milliseconds
 * @throws CliError where EventBridge would not take it
 */
export function asFromEventBridge(
  event: Buffer,
  { accountId, region }: Pick<TaskFunction, 'accountId' | 'region'>,
  now: number,
): Buffer {
  try {
    return takeEvent(event, { accountId, region }, now).payload;
  } catch (error) {
    if (error instanceof Refusal) throw new CliError(error.message);
    throw error;
  }
}

/**
 * Invokes the function with an event, with the credentials of this machine, and waits for its end.
 *
 * @throws CliError where it was not invoked, or that is not known
 */
export async function invokeDeployed(
  target: TaskFunction,
  event: Buffer,
  env: Environment,
): Promise<InvocationEnd> {
  const keys = await credentialsOf(await invocationCredentials({}, env));
  const { BoundedFcClient } = await import('../../../functions/platform/fc2-task-queue.ts');
  const client = new BoundedFcClient(target, keys, longestWaitMs);
  try {
    const { status, text } = await client.post(`/functions/${target.name}/invocations`, event, {
      'x-fc-invocation-type': 'Sync',
    });
    return endOf(status, text, target);
  } catch (error) {
    if (!(error instanceof ExchangeFailure)) throw error;
    const doubt = error.mayHaveArrived
      ? ' It may have been invoked all the same: look at its log.'
      : ' It was not invoked.';
    throw new CliError(`Function Compute could not be reached: ${error.message}.${doubt}`);
  }
}

async function credentialsOf(provider: CredentialsProvider) {
  try {
    return await provider.getCredentials();
  } catch (error) {
    throw error instanceof Problem ? new CliError(error.message) : error;
  }
}

/**
 * A function that throws is answered with 200 as well, and what it threw:
 * https://www.alibabacloud.com/help/en/functioncompute/fc/error-handling-1-2. This one returns an outcome or a code.
 */
function endOf(status: number, text: string, { name, region, accountId }: TaskFunction): InvocationEnd {
  const value = parse(text);
  const { outcome, code, errorMessage, Code, Message } = toRecord(value);
  if (status === 200 && (toText(outcome) !== undefined || toText(code) !== undefined))
    return { returned: value };
  if (status === 200 && toText(errorMessage) !== undefined) return { threw: toText(errorMessage) ?? '' };
  const said = [toText(Code), toText(Message)].filter((part) => part !== undefined).join(': ');
  const advice: Record<number, string> = {
    403: ` Your own credentials need fc:InvokeFunction on acs:fc:${region}:${accountId}:functions/${name}.`,
    404: ` Is ${name} the name of the events function in ${region}, and is it deployed? EVENTS_FUNCTION names another one.`,
  };
  throw new CliError(`Function Compute answered ${status} ${said}.${advice[status] ?? ''}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
