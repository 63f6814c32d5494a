import { presets } from '../../functions/webhook/source/presets.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import type { HmacParameters } from '../../functions/webhook/verify/hmac.ts';

/** The least that a source can be: what is not told has its default. */
export const pipelineSource: CompiledSource = {
  name: 'pipeline',
  verify: presets.generic.verify,
  secrets: ['PIPELINE_SECRET'],
  cluster: 'ecs',
  dryRun: false,
  refusalStatus: 409,
  deadlineMs: 9000,
};

/** The least that a signature can be. */
export const bodyInHex: HmacParameters = {
  algorithm: 'sha256',
  header: 'x-signature',
  encoding: 'hex',
  prefix: '',
  signed: ['{body}'],
  secretEncoding: 'plain',
};
