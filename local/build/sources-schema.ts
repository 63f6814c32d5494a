import { z } from 'zod';
import { channelKinds } from '../../functions/follow/configuration.ts';
import { languages } from '../../functions/lib/language.ts';
import { eventPresets, type EventPresetName } from '../../presets/events/index.ts';
import { presets, type PresetName } from '../../presets/index.ts';
import { durationPattern, parseDuration } from './duration.ts';

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header, such as X-Signature-256')
  .refine(
    (name) => !/^x-fc-/i.test(name),
    'may not begin with X-Fc-: Function Compute keeps such headers from the function',
  );
const expression = z.string().min(1, 'must be a JMESPath expression');

/**
 * With a variable that begins so, even an empty one, Serverless Devs believes that it runs in a CI of that name.
 * https://github.com/Serverless-Devs/Serverless-Devs/tree/master/packages/utils (getCurrentEnvironment)
 */
export const signsOfCi = [
  'PIPELINE',
  'GITHUB',
  'GITLAB',
  'JENKINS',
  'CLOUDSHELL',
  'SERVERLESS_CD',
  'SERVERLESS_DEVS_CICD',
  'BUILD_IMAGE_ENV',
];

/** What is wrong with the name of an environment variable, if anything. */
function faultOfVariable(name: string, faultOfSetting: string): string | undefined {
  if (name.startsWith('FC_')) return 'may not begin with FC_, which Function Compute keeps for itself';
  const ci = signsOfCi.find((beginning) => name.startsWith(beginning));
  if (ci !== undefined) {
    return `may not begin with ${ci}: Serverless Devs, which reads .env, would then take your machine for a CI, look for its key in another folder, and ask nothing. Put another word first, such as SECRET_${ci}`;
  }
  if (name === confirmSecret) {
    return 'signs the links on which people decide, and is nothing else: take another variable';
  }
  return isKnownToAnybody(name) ? faultOfSetting : undefined;
}

/** The variable whose value signs the links to the page on which people decide. */
export const confirmSecret = 'CONFIRM_SECRET';

/** The variable of a source's secret, as it is called where there is no reason for another name. No program takes it for a CI's. */
export function secretVariableOf(source: string): string {
  return `SECRET_${source.toUpperCase().replaceAll('-', '_')}`;
}

const variablePattern = /^[A-Z][A-Z0-9_]*$/;

/** The name of an environment variable. One that the functions use for something else is refused. */
function variableName(example: string, faultOfSetting: string) {
  return z
    .string()
    .regex(variablePattern, {
      error: ({ input }) =>
        isAddress(input)
          ? `must be the name of an environment variable, such as ${example}, not the address itself: put that into .env, because everyone who knows it can write there`
          : `must be the NAME of an environment variable, in capitals, such as ${example}; the value itself goes into .env`,
    })
    .superRefine((name, context) => {
      const fault = faultOfVariable(name, faultOfSetting);
      if (fault !== undefined) context.addIssue(fault);
    });
}

/**
 * The name of an environment variable, or `kms:` and the name of a secret in KMS, as KMS takes names.
 * https://www.alibabacloud.com/help/doc-detail/154490.htm
 */
const secretName = z
  .string()
  .regex(/^([A-Z][A-Z0-9_]*|kms:[A-Za-z0-9_/+=.@-]{1,192})$/, {
    error: ({ input }) => faultOfSecretName(typeof input === 'string' ? input : ''),
  })
  .superRefine((name, context) => {
    const fault = faultOfVariable(name, 'is a setting, and no secret: anybody could sign with it');
    if (fault !== undefined) context.addIssue(fault);
  });

function faultOfSecretName(name: string): string {
  if (/^kms:acs:/i.test(name)) {
    return "must be the secret's name alone, such as kms:pipeline-secret, and no ARN: a secret of another account cannot be used";
  }
  if (/^kms\b/i.test(name)) {
    return 'must be kms: and, with nothing in between, the name of the secret in KMS, such as kms:pipeline-secret: letters, digits and /_+=.@-, 192 characters at most';
  }
  return 'must be the NAME of an environment variable, in capitals, such as SECRET_PIPELINE; the value itself goes into .env. For a secret in KMS it is kms:NAME';
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^https?:/i.test(value.trim());
}

/** Variables that every instance has. As an HMAC key, `cn-hangzhou` can be guessed. */
function isKnownToAnybody(name: string): boolean {
  const settings = [
    'REGION',
    'EDAS_ENDPOINT',
    'KMS_ENDPOINT',
    'ROLLBACK_SUSPENDED',
    'LOG_LEVEL',
    'DOCS_URL',
    'PUBLIC_URL',
    'FUNCTION_ROLE',
    'WEBHOOK_FUNCTION',
    'FOLLOW_FUNCTION',
    'EVENTS_FUNCTION',
    'EVENTS_DEAD_LETTER_QUEUE',
    'LOG_EVENTS',
    'FUNCTION_ENDPOINT',
  ];
  const ofTheSystem = ['PATH', 'HOME', 'PWD', 'LANG', 'TZ', 'DEBUG', 'HOSTNAME'];
  return [...settings, ...ofTheSystem].includes(name) || /^(NODE|ALIBABA_CLOUD|LD)_/.test(name);
}

/** Whether the program itself reads a variable, whatever sources.yaml says. */
export function isOfProgram(name: string): boolean {
  return name === confirmSecret || isKnownToAnybody(name);
}

const toleranceSeconds = z
  .int()
  .min(1)
  .max(86_400)
  .default(300)
  .describe('How far that time may be from now, in either direction.');

const timestampSchema = z.strictObject({
  header: headerName.optional().describe('The header with the time at which the sender signed.'),
  field: z
    .string()
    .min(1)
    .optional()
    .describe('The field at the top of the signed payload with that time, where it is in no header.'),
  unit: z.enum(['s', 'ms', 'iso']).default('s').describe('Epoch seconds, epoch milliseconds, or ISO 8601.'),
  toleranceSeconds,
});

const contentType = z
  .enum(['json', 'json-as-text', 'json-in-form', 'form'])
  .optional()
  .describe(
    'The body: JSON; JSON under text/plain; JSON in the field payload of a form; or a form, whose fields are an object.',
  );

const hmacSchema = z.strictObject({
  scheme: z.literal('hmac').optional().describe('An HMAC over the body, the usual way.'),
  algorithm: z.enum(['sha256', 'sha512', 'sha1']).default('sha256').describe('The hash under the HMAC.'),
  header: headerName.describe('The header with the signature.'),
  encoding: z
    .enum(['hex', 'base64', 'base64-of-hex'])
    .default('hex')
    .describe('How the signature is written.'),
  prefix: z
    .string()
    .regex(/^([!-~]([ -~]*[!-~])?)?$/, 'must be printable ASCII that neither begins nor ends with a space')
    .default('')
    .describe('What stands before the signature, such as sha256=.'),
  separator: z
    .enum(['comma', 'space'])
    .optional()
    .describe('What separates several signatures, where the sender lists old and new while it rotates.'),
  signed: z
    .string()
    .default('{body}')
    .describe('What is signed: text with {body}, {timestamp} and {id}, such as {timestamp}.{body}.'),
  timestamp: timestampSchema
    .optional()
    .describe('The time under the signature; a request without it is refused.'),
  idHeader: headerName.optional().describe('The header that {id} stands for.'),
  secretEncoding: z
    .enum(['plain', 'hex', 'base64', 'whsec'])
    .default('plain')
    .describe('How the key is made from the secret: as it is, or decoded.'),
  contentType,
});

const stripeSchema = z.strictObject({
  scheme: z.literal('stripe').describe('One header with time and signatures: t=<unix seconds>,v1=<hex>.'),
  header: headerName.describe('That header.'),
  toleranceSeconds,
  contentType,
});

const tokenSchema = z.strictObject({
  scheme: z.literal('token').describe('No signature: a header that holds the secret. Needs apps.'),
  header: headerName.describe('That header.'),
  contentType,
});

const bearerSchema = z.strictObject({
  scheme: z.literal('bearer').describe('No signature: Authorization: Bearer <secret>. Needs apps.'),
  contentType,
});

const basicSchema = z.strictObject({
  scheme: z
    .literal('basic')
    .describe('No signature: Authorization: Basic; the secret is user:password. Needs apps.'),
  contentType,
});

const linkSchema = z.strictObject({
  scheme: z
    .literal('link')
    .describe('A signed address that names the application and expires: npm run link. Needs apps.'),
  contentType,
});

const verifySchema = z.discriminatedUnion('scheme', [
  hmacSchema,
  stripeSchema,
  tokenSchema,
  bearerSchema,
  basicSchema,
  linkSchema,
]);

const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const applicationId = z
  .string()
  .regex(
    new RegExp(`^${uuid}$`, 'i'),
    'must be the id of an application (a UUID, as the EDAS console shows it)',
  )
  .toLowerCase();
const groupId = z
  .string()
  .regex(
    new RegExp(`^(?:all|${uuid})$`, 'i'),
    'must be the id of a group (a UUID, as the EDAS console shows it), or all',
  )
  .toLowerCase();

/** A time that something lasts, such as `30m`. */
function duration(shortest: string, longest: string) {
  return z
    .string()
    .regex(durationPattern, 'must be a whole number and its unit, s, m, h or d, such as 30m')
    .refine((text) => {
      const ms = parseDuration(text);
      return ms === undefined || (ms >= msOf(shortest) && ms <= msOf(longest));
    }, `must be from ${shortest} to ${longest}`);
}

function msOf(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

const endedSchema = z.strictObject({
  within: duration('1m', '24h').describe(
    'How long ago the release may have ended, such as 30m; 24h at most.',
  ),
  version: expression
    .optional()
    .describe(
      'JMESPath to the version to go back to, by its name in the history of EDAS. Without it: the one before the release, where that is certain.',
    ),
  group: groupId.default('all').describe('The id of the group of instances to roll back, or all.'),
  batches: z
    .int()
    .min(1)
    .max(5)
    .default(2)
    .describe('In how many batches, 1 to 5. A group of fewer instances takes one batch for each.'),
  batchWaitMinutes: z.int().min(0).max(5).default(0).describe('Minutes between two batches, 0 to 5.'),
  every: duration('0s', '7d')
    .default('1h')
    .describe('For how long an application that was rolled back is left to people.'),
});

const confirmed = z
  .enum(['all', 'ended'])
  .describe('all: before each rollback. ended: only before that of a release that has ended.');

const confirmSchema = z.union([
  confirmed,
  z.strictObject({
    of: confirmed.default('all'),
    people: z
      .literal([1, 2])
      .default(1)
      .describe(
        'How many different people must want it. 2 needs confirmBy: chat, which proves who they are.',
      ),
  }),
]);

const sourceSchema = z.strictObject({
  preset: z
    .enum(Object.keys(presets) as [PresetName, ...PresetName[]])
    .optional()
    .describe('A sender whose way of signing is known.'),
  verify: verifySchema
    .optional()
    .describe("How the sender signs, spelt out: where no preset fits, or in the place of the preset's way."),
  secrets: z
    .array(secretName)
    .min(1, 'must name at least one environment variable, or secret in KMS (kms:NAME)')
    .describe(
      'The environment variables that hold the secrets, or kms:NAME for a secret in KMS. Several while one is being rotated.',
    ),
  when: expression
    .optional()
    .describe('JMESPath over the payload. Unless it gives true, the webhook is ignored (200).'),
  allow: expression
    .optional()
    .describe('JMESPath over the payload. Unless it gives true, the webhook is refused (403).'),
  changeOrderId: expression
    .optional()
    .describe('JMESPath to the text that holds the change order id. Default: changeOrderId at the top.'),
  app: expression
    .optional()
    .describe(
      'JMESPath to the id of an application, whose newest deployment in flight is then rolled back. Instead of changeOrderId.',
    ),
  command: expression
    .optional()
    .describe(
      'JMESPath to text that a person writes: a comment, a title. Only a command is acted on: a verb, one id, and nothing else. Instead of changeOrderId.',
    ),
  problemStartedAt: expression
    .optional()
    .describe(
      'JMESPath to the time when the problem began. A change that began later is not rolled back (409).',
    ),
  apps: z
    .array(applicationId)
    .min(1, 'must name at least one application')
    .max(100, 'may name 100 applications at most: each is asked for at every webhook')
    .optional()
    .describe(
      'The ids of the applications that this source may touch. Required where the sender cannot sign its payload.',
    ),
  cluster: z
    .enum(['ecs', 'k8s'])
    .default('ecs')
    .describe('ecs: RollbackChangeOrder. k8s: AbortAndRollbackChangeOrder.'),
  mode: z
    .enum(['now', 'deferred'])
    .default('now')
    .describe('now: the webhook rolls back. deferred: it answers at once, and a task rolls back.'),
  follow: z
    .boolean()
    .optional()
    .describe(
      'A rollback is claimed, so that a change order is rolled back once; a task follows it to its end, and tells the channels of notify. Default: true with notify, with mode deferred, and for senders that send the same webhook several times; else false.',
    ),
  ended: endedSchema
    .optional()
    .describe(
      'A release that has ended is rolled back, too: the version before it is deployed (RollbackApplication). ECS only; needs app or apps, and follow. Default: it is refused.',
    ),
  dryRun: z.boolean().default(false).describe('Check everything, roll back nothing.'),
  confirm: confirmSchema
    .optional()
    .describe(
      'A person decides first: all, ended, or { of: all, people: 2 }. People are asked in the channels of notify. Default: no person is asked.',
    ),
  confirmWithin: duration('1m', '24h')
    .optional()
    .describe('How long people have to decide, such as 15m, which is the default.'),
  confirmBy: z
    .enum(['page', 'chat'])
    .optional()
    .describe(
      'page: on the page that the message links to, which is the default. chat: by a command of a slack, feishu or dingtalk source with allow, which proves who decided.',
    ),
  summary: expression
    .optional()
    .describe(
      'JMESPath to what the alert says in its own words, for the people who are asked. Presets know where it stands.',
    ),
  refusalStatus: z
    .int()
    .refine((status) => status === 200 || (status >= 400 && status <= 499), 'must be 200 or from 400 to 499')
    .optional()
    .describe(
      'The status of every refusal (4xx) once the sender is known; 200 for senders that repeat a webhook, or disable it, after a 4xx.',
    ),
  successStatus: z
    .literal(200)
    .optional()
    .describe('The status of every outcome, for senders that take any other, such as 202, for a failure.'),
  language: z
    .enum(languages)
    .optional()
    .describe('The language in which people of a chat are answered. Default: that of the command.'),
  deadlineMs: z
    .int()
    .min(2000)
    .max(60_000)
    .optional()
    .describe("The sender's patience in milliseconds. Everything fits inside it."),
});

/** One text, or several. */
function oneOrMore(what: string) {
  const text = z
    .string()
    .min(1, `must be ${what}`)
    .max(128, 'may have 128 characters at most')
    .regex(/^[^*]*\*?$/, 'may have a * at its end only, for every text that begins so');
  return z.union([text.transform((only) => [only]), z.array(text).min(1, 'must have at least one name')]);
}

const eventSourceSchema = sourceSchema
  .pick({
    when: true,
    changeOrderId: true,
    app: true,
    problemStartedAt: true,
    apps: true,
    cluster: true,
    mode: true,
    follow: true,
    ended: true,
    dryRun: true,
    confirm: true,
    confirmWithin: true,
    confirmBy: true,
    summary: true,
  })
  .required({ apps: true })
  .extend({
    preset: z
      .enum(Object.keys(eventPresets) as [EventPresetName, ...EventPresetName[]])
      .describe('Who makes the events: sls-event, arms-event, …; cloudevent for any.'),
    source: oneOrMore('the source of a CloudEvent, such as acs.sls.alert')
      .optional()
      .describe('The `source` of its events, one or several; with a * at the end, whatever begins so.'),
    type: oneOrMore('the type of a CloudEvent, such as sls:AlertEvent:Firing')
      .optional()
      .describe('The `type` of its events, one or several; with a * at the end, whatever begins so.'),
    maxAge: duration('1m', '24h')
      .default('10m')
      .describe('How old an event may be, such as 10m. EventBridge tries for up to a day.'),
  });

const faultOfSettingInChannel = 'is a setting: the address and key of a channel have variables of their own';

const channelSchema = z.strictObject({
  kind: z.enum(channelKinds).describe('The chat, or a webhook that is signed as Standard Webhooks says.'),
  url: variableName('DINGTALK_ROBOT_URL', faultOfSettingInChannel).describe(
    'The environment variable that holds the address.',
  ),
  secret: variableName('DINGTALK_ROBOT_SECRET', faultOfSettingInChannel)
    .optional()
    .describe(
      'The environment variable that holds the key of the signature. webhook needs it; dingtalk and feishu may have it.',
    ),
  language: z.enum(languages).default('en').describe('The language of the messages.'),
});

/** A name is a path. */
export const sourceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes, for it is a path');

/** The shape of sources.yaml. What a shape cannot say is checked by compile-sources.ts. */
export const sourcesSchema = z.strictObject({
  sources: z
    .record(sourceName, sourceSchema)
    .refine((sources) => Object.keys(sources).length > 0, 'must have at least one source')
    .optional()
    .describe(
      'Who sends webhooks, by name, which is also the path. May be left out where there is `events`.',
    ),
  events: z
    .record(sourceName, eventSourceSchema)
    .refine((events) => Object.keys(events).length > 0, 'must have at least one source of events')
    .optional()
    .describe('What EventBridge may ask for, by name: a function without a URL and without a secret.'),
  notify: z
    .array(channelSchema)
    .min(1, 'must have at least one channel')
    .optional()
    .describe('Where people are told how rollbacks go on and end.'),
});

export type ChannelSettings = z.output<typeof channelSchema>;
export type SourcesSettings = z.output<typeof sourcesSchema>;
export type SourceSettings = z.output<typeof sourceSchema>;
export type EventSourceSettings = z.output<typeof eventSourceSchema>;
export type VerifySettings = z.output<typeof verifySchema>;
export type HmacSettings = z.output<typeof hmacSchema>;

/** The schemes that `verify` can spell out. */
export const verifySchemes = verifySchema.options.flatMap(({ shape }) => {
  const { scheme } = shape;
  return scheme instanceof z.ZodOptional ? scheme.unwrap().value : scheme.value;
});

export const keysOfSource = Object.keys(sourceSchema.shape);
export const keysOfEventSource = Object.keys(eventSourceSchema.shape);
export const keysOfChannel = Object.keys(channelSchema.shape);
export const keysOfEnded = Object.keys(endedSchema.shape);
export const keysOfConfirm = Object.keys(confirmSchema.options[1].shape);
export const keysOfTimestamp = Object.keys(timestampSchema.shape);

/** The keys of `verify` under a scheme. */
export function keysOfVerify(scheme: unknown): string[] {
  const option = verifySchema.options.find(({ shape }) => shape.scheme.safeParse(scheme).success);
  return Object.keys((option ?? hmacSchema).shape);
}

/** The same shape as a JSON Schema, for editors. */
export function sourcesJsonSchema(): string {
  const schema = z.toJSONSchema(sourcesSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ title: 'sources.yaml of edas-rollback-webhook', ...schema }, null, 2)}\n`;
}
