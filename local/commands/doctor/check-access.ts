import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { toRecord, toText } from '../../../functions/lib/json.ts';
import { setting, type Environment } from '../../../functions/platform/settings.ts';
import { didYouMean } from '../../build/did-you-mean.ts';
import { signsOfCi } from '../../build/sources-schema.ts';
import { right, skipped, warning, wrong, type Finding } from './finding.ts';

/**
 * Whether Serverless Devs has the key with which it is to deploy. Only the names of keys are read.
 * https://github.com/Serverless-Devs/Serverless-Devs/tree/master/packages/credential
 *
 * @param alias as `access` of s.yaml, or -a, names it
 * @param isNeeded whether a deployment is about to begin
 */
export function checkAccess(alias: string, shell: Environment, isNeeded: boolean): Finding {
  if (alias === '') return missing('s.yaml names no key (access:)', 'Write access: default.', isNeeded);
  if (alias === '${aliyun-cli}') return skipped('the key that deploys: s.yaml takes it from the aliyun CLI');
  if (isInShell(alias, shell)) return right(`Serverless Devs takes the key ${alias} from this shell`);
  if (Object.keys(shell).some((name) => signsOfCi.some((sign) => name.startsWith(sign)))) {
    return skipped('the key that deploys: in a CI, Serverless Devs keeps it elsewhere');
  }
  const aliases = aliasesIn(accessFile(shell));
  if (aliases.includes(alias)) return right(`Serverless Devs has a key under the alias ${alias}`);
  return missing(
    `Serverless Devs has no key under the alias ${alias}, with which s.yaml deploys${aliases.length > 0 ? didYouMean(alias, aliases) : ''}`,
    `Add it: npx s config add -a ${alias}. Or name one that is there: npm run deploy -- -a NAME.`,
    isNeeded,
  );
}

function missing(what: string, advice: string, isNeeded: boolean): Finding {
  return isNeeded ? wrong(what, advice) : warning(what, advice);
}

function isInShell(alias: string, shell: Environment): boolean {
  const names = Object.keys(shell);
  const parts = ['AccountID', 'AccessKeyID', 'AccessKeySecret'];
  return (
    names.includes(alias) ||
    names.includes(`${alias}_serverless_devs_key`) ||
    (alias === '$system_environment_access' && parts.every((name) => names.includes(name)))
  );
}

/** Where Serverless Devs looks: in its home, or the workspace that `s set config` named. */
function accessFile(shell: Environment): string {
  const home = setting(shell, 'serverless_devs_config_home') ?? setting(shell, 'HOME') ?? os.homedir();
  const own = path.join(home, '.s');
  const workspace = toText(toRecord(readYaml(path.join(own, 'config/s.json')))['workspace']);
  const folder = workspace === undefined || workspace === '' ? own : workspace.replace('~', home);
  const file = path.join(folder, 'access.yaml');
  return existsSync(file) ? file : path.join(folder, 'access.yml');
}

function aliasesIn(file: string): string[] {
  return Object.keys(toRecord(readYaml(file)));
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'), { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}
