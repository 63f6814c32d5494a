import { readOrigin } from '../../../functions/alibaba/origin.ts';
import { isSuspended, setting, type Environment } from '../../../functions/platform/settings.ts';
import { right, warning, wrong, type Finding } from './finding.ts';

/**
 * The settings of the functions that are not about EDAS.
 *
 * @param env what the webhook function will find
 * @param role as s.yaml gives it to the functions
 * @param isFirst whether they have not been deployed before, as far as this machine knows
 */
export function checkSettings(env: Environment, role: string, isFirst: boolean): Finding[] {
  return [
    checkSuspension(env, isFirst),
    ...checkLogLevel(env),
    checkRole(role),
    ...checkFunctionEndpoint(env),
    ...checkDocsUrl(env),
  ];
}

function checkSuspension(env: Environment, isFirst: boolean): Finding {
  const value = (env['ROLLBACK_SUSPENDED'] ?? '').trim().toLowerCase();
  if (!isSuspended(env) && isFirst) return armedAtOnce;
  if (!isSuspended(env))
    return right('rollbacks are armed: a signed webhook rolls back, unless ROLLBACK_SUSPENDED=true');
  if (['true', '1', 'yes', 'on'].includes(value)) {
    return right('rollbacks are suspended: every webhook is answered, and nothing is rolled back');
  }
  return warning(
    `ROLLBACK_SUSPENDED is ${JSON.stringify(value)}, which suspends every rollback`,
    'Write true or false: everything but empty, false, no, off and 0 suspends.',
  );
}

const armedAtOnce = warning(
  'rollbacks are armed, and nothing has been deployed from here yet: the first signed webhook rolls back',
  'Write ROLLBACK_SUSPENDED=true into .env for the first deployment. Send a webhook; the answer suspended shows that signature, network and right to read are in order. Then write false, and deploy again.',
);

function checkLogLevel(env: Environment): Finding[] {
  const level = setting(env, 'LOG_LEVEL');
  if (level === undefined || ['debug', 'info', 'warn', 'error'].includes(level)) return [];
  return [
    warning(
      `LOG_LEVEL is ${JSON.stringify(level)}, which counts as info`,
      'Write debug, info, warn or error.',
    ),
  ];
}

/** https://github.com/devsapp/fc3 lower-cases it, and then asks for a role that does not exist. */
function checkRole(role: string): Finding {
  if (role === '') return wrong('the functions have no role in s.yaml', 'Create one: policy/README.md.');
  if (role === role.toLowerCase())
    return right(`the functions take the role ${role}, which policy/README.md creates`);
  return wrong(
    `the role ${role} has capitals, and Serverless Devs would ask for ${role.toLowerCase()}`,
    'Create the role under a name in lower case (policy/README.md), and put that into FUNCTION_ROLE.',
  );
}

function checkFunctionEndpoint(env: Environment): Finding[] {
  const endpoint = setting(env, 'FUNCTION_ENDPOINT');
  if (endpoint === undefined) return [];
  const read = readOrigin(endpoint);
  if ('origin' in read) return [];
  return [wrong(`FUNCTION_ENDPOINT ${read.fault}`, 'Leave it empty, unless the default address is wrong.')];
}

/** Of another address, the function makes nothing: the type of a problem is then a path in the repository. */
function checkDocsUrl(env: Environment): Finding[] {
  const url = setting(env, 'DOCS_URL');
  if (url === undefined) return [];
  if (url.startsWith('https://') && URL.canParse(url) && !url.includes('#')) return [];
  return [
    warning(
      'DOCS_URL is no https address of a page, so the type of a problem cannot be clicked',
      'Write the whole address at which docs/errors.md can be read, https and without a #, or leave it empty.',
    ),
  ];
}
