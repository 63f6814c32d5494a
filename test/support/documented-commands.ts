/**
 * What of other programs is documented here, and cannot be tried without an account. Each line is what its own
 * documentation has.
 */

/**
 * Operations of the aliyun CLI, and their parameters. The CLI reads them from
 * https://github.com/aliyun/aliyun-openapi-meta/tree/master/metadatas
 * and `sls`, in another style, from a plugin: https://help.aliyun.com/zh/sls/developer-reference/overview-of-log-service-cli
 */
export const aliyunOperations: Record<string, readonly string[]> = {
  configure: [],
  'plugin install': ['names'],
  'edas GetChangeOrderInfo': ['ChangeOrderId'],
  'edas ListHistoryDeployVersion': ['AppId'],
  'edas ListRecentChangeOrder': ['AppId'],
  'edas QueryApplicationStatus': ['AppId'],
  'edas RollbackApplication': ['AppId', 'GroupId', 'HistoryVersion', 'Batch', 'BatchWaitTime'],
  // https://github.com/aliyun/aliyun-openapi-meta/tree/master/metadatas/eventbridge (2020-04-01)
  'eventbridge CreateEventBus': ['EventBusName'],
  'eventbridge CreateRule': ['EventBusName', 'RuleName', 'FilterPattern'],
  'eventbridge CreateServiceLinkedRoleForProduct': ['ProductName'],
  'eventbridge GetRule': ['EventBusName', 'RuleName'],
  'eventbridge ListTargets': ['EventBusName', 'RuleName'],
  'eventbridge QueryEventTraces': ['EventBusName', 'EventId'],
  // A path instead of the name of an operation: https://github.com/aliyun/aliyun-cli#call-restful-apis
  'fc GET': [],
  'kms CreateSecret': ['SecretName', 'VersionId', 'SecretData'],
  'kms GetSecretValue': ['SecretName'],
  'kms PutSecretValue': ['SecretName', 'VersionId', 'SecretData'],
  'ram AttachPolicyToRole': ['PolicyType', 'PolicyName', 'RoleName'],
  'ram CreatePolicy': ['PolicyName', 'PolicyDocument'],
  'ram CreatePolicyVersion': ['PolicyName', 'PolicyDocument', 'SetAsDefault', 'RotateStrategy'],
  'ram CreateRole': ['RoleName', 'AssumeRolePolicyDocument'],
  'ram DeletePolicy': ['PolicyName', 'CascadingDelete'],
  'ram DeleteRole': ['RoleName'],
  'ram DetachPolicyFromRole': ['PolicyType', 'PolicyName', 'RoleName'],
  'ram GetRole': ['RoleName'],
  'ros CreateStack': ['RegionId', 'StackName', 'TimeoutInMinutes', 'TemplateBody', 'Parameters'],
  'ros DeleteStack': ['RegionId', 'StackId'],
  'ros GetStack': ['RegionId', 'StackId'],
  'ros ListStacks': ['RegionId', 'StackName'],
  'ros UpdateStack': [
    ...['RegionId', 'StackId', 'TimeoutInMinutes', 'TemplateBody', 'UsePreviousParameters', 'Parameters'],
  ],
  'sls create-alert': ['project', 'name', 'display-name', 'schedule', 'configuration'],
  'sls create-dashboard': ['project', 'dashboard-name', 'display-name', 'attribute', 'charts'],
  'sls get-index': ['project', 'logstore'],
  'sls get-logs-v2': ['project', 'logstore', 'accept-encoding', 'from', 'to', 'line', 'query'],
  'sls update-index': ['project', 'logstore', 'line', 'keys', 'max-text-len'],
  'sts GetCallerIdentity': [],
};

/** Which every operation takes: https://github.com/aliyun/aliyun-cli#usage */
export const aliyunFlags = ['region', 'waiter'];

/**
 * Commands of Serverless Devs that its component fc3 has, which is downloaded when one of them is run.
 * https://github.com/devsapp/fc3/tree/master/src/commands-help
 */
export const fc3Commands: Record<string, readonly string[]> = {
  deploy: ['-y'],
  info: ['--output-format'],
  invoke: ['-e'],
  logs: ['--search'],
  remove: [],
};

/** Commands of Serverless Devs that other tests run, without a network. */
export const runElsewhere: Record<string, string> = {
  config: 'test/deployment.test.ts',
  registry: 'test/local/commands/template/assemble.test.ts',
};

/** What is not run, because it takes minutes or changes the checkout; CI or a person runs it. */
export const notRun: Record<string, string> = {
  'amtool config': 'belongs to Alertmanager; test/real runs it, where that is installed',
  'npm audit': 'asks the registry',
  'npm bench': 'takes 9 minutes',
  'npm ci': 'installs what runs this test',
  'npm format': 'changes files',
  'npm lint': 'is a part of npm test',
  'npm mutation': 'takes 4 minutes',
  'npm races': 'takes 2 minutes; test/races.test.ts runs a part of it',
  'npm size': 'takes no options, and is a part of npm test',
  'npm test': 'is what runs this test',
  'npm test:long': 'takes an hour',
  'npm test:real': 'starts a real Alertmanager, where one is installed',
  'npm version': 'changes files',
  'npx vitest': 'is what runs this test',
  'git clone': 'needs the network',
};

/** Not a whole command: the page speaks of the program or of one of its options. */
export const mentions = ['aliyun --cli-query', 'curl -d', 'git revert'];
