import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import type { HmacParameters } from '../../functions/webhook/verify/hmac.ts';
import { presets } from '../../presets/index.ts';

/** The least that a source can be: what is not told has its default. */
export const pipelineSource: CompiledSource = {
  name: 'pipeline',
  verify: presets.generic.verify,
  secrets: ['SECRET_PIPELINE'],
  contentTypes: ['json'],
  cluster: 'ecs',
  mode: 'now',
  follow: false,
  dryRun: false,
  reply: 'json',
  deadlineMs: 9000,
};

/** The least that a signature can be. */
export const bodyInHex: HmacParameters = {
  scheme: 'hmac',
  algorithm: 'sha256',
  header: 'x-signature',
  encoding: 'hex',
  prefix: '',
  signed: ['{body}'],
  secretEncoding: 'plain',
};
