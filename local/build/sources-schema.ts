import { z } from 'zod';
import { presets, type PresetName } from '../../functions/webhook/source/presets.ts';

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header, such as X-Signature-256')
  .refine(
    (name) => !/^x-fc-/i.test(name),
    'may not begin with X-Fc-: Function Compute keeps such headers from the function',
  );
const expression = z.string().min(1, 'must be a JMESPath expression');
const variableName = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9_]*$/,
    'must be the name of an environment variable, such as PIPELINE_SECRET, not a value',
  )
  .refine(
    (name) => !name.startsWith('FC_'),
    'may not begin with FC_, which Function Compute keeps for itself',
  )
  .refine((name) => !isKnownToAnybody(name), 'is a setting, and no secret: anybody could sign with it');

/** Variables that an instance has anyway. As an HMAC key, `cn-hangzhou` would let everybody in. */
function isKnownToAnybody(name: string): boolean {
  const settings = ['REGION', 'EDAS_ENDPOINT', 'ROLLBACK_SUSPENDED', 'LOG_LEVEL', 'FUNCTION_ROLE'];
  const ofTheSystem = ['PATH', 'HOME', 'PWD', 'LANG', 'TZ', 'DEBUG', 'HOSTNAME'];
  return [...settings, ...ofTheSystem].includes(name) || /^(NODE|ALIBABA_CLOUD|LD)_/.test(name);
}

const timestampSchema = z.strictObject({
  header: headerName.describe('The header with the time at which the sender signed.'),
  unit: z.enum(['s', 'ms', 'iso']).default('s').describe('Epoch seconds, epoch milliseconds, or ISO 8601.'),
  toleranceSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('How far that time may be from now, in either direction.'),
});

const verifySchema = z.strictObject({
  algorithm: z.enum(['sha256', 'sha512', 'sha1']).default('sha256').describe('The hash under the HMAC.'),
  header: headerName.describe('The header with the signature.'),
  encoding: z.enum(['hex', 'base64']).default('hex').describe('How the signature is written.'),
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
});

const sourceSchema = z.strictObject({
  preset: z
    .enum(Object.keys(presets) as [PresetName, ...PresetName[]])
    .optional()
    .describe('A sender whose way of signing is known.'),
  verify: verifySchema.optional().describe('How the sender signs, spelt out, where no preset fits.'),
  secrets: z
    .array(variableName)
    .min(1, 'must name at least one environment variable')
    .describe('The environment variables that hold the secrets. Several while one is being rotated.'),
  when: expression
    .optional()
    .describe('JMESPath over the payload. Unless it gives true, the webhook is ignored (200).'),
  allow: expression
    .optional()
    .describe('JMESPath over the payload. Unless it gives true, the webhook is refused (403).'),
  changeOrderId: expression
    .optional()
    .describe('JMESPath to the text that holds the change order id. Default: changeOrderId at the top.'),
  cluster: z
    .enum(['ecs', 'k8s'])
    .default('ecs')
    .describe('ecs: RollbackChangeOrder. k8s: AbortAndRollbackChangeOrder.'),
  dryRun: z.boolean().default(false).describe('Check everything, roll back nothing.'),
  refusalStatus: z
    .int()
    .refine((status) => status === 200 || (status >= 400 && status <= 499), 'must be 200 or from 400 to 499')
    .default(409)
    .describe(
      'The status of a refusal such as change_order_finished; 200 for senders that disable a hook on 4xx.',
    ),
  deadlineMs: z
    .int()
    .min(2000)
    .max(60_000)
    .optional()
    .describe("The sender's patience in milliseconds. Everything fits inside it."),
});

/** The shape of sources.yaml. What a shape cannot say is checked by compile-sources.ts. */
export const sourcesSchema = z.strictObject({
  sources: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes, for it is a path'),
      sourceSchema,
    )
    .refine((sources) => Object.keys(sources).length > 0, 'must have at least one source')
    .describe('By name, which is also the path.'),
});

export type SourceSettings = z.output<typeof sourceSchema>;
export type VerifySettings = z.output<typeof verifySchema>;

/** Keys that are planned for later versions: asking for them must not pass for a typing error. */
export const keysOfLaterVersions = ['app', 'apps', 'problemStartedAt', 'mode', 'follow', 'notify'];

/** The same shape as a JSON Schema, for editors. */
export function sourcesJsonSchema(): string {
  const schema = z.toJSONSchema(sourcesSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ title: 'sources.yaml of edas-rollback-webhook', ...schema }, null, 2)}\n`;
}
