import type { Expression } from '../payload/expression.ts';
import type { HmacParameters } from '../verify/hmac.ts';

/**
 * One source of `sources.yaml`, as the build writes it into the bundle: preset resolved, expressions compiled. Plain
 * JSON, without secrets.
 */
export interface CompiledSource {
  /** Also its path: `POST /<name>`. */
  name: string;
  verify: HmacParameters;
  /** Names of the environment variables that hold the secrets. */
  secrets: readonly string[];
  /** The header with the sender's own id of this delivery, for the log. */
  deliveryHeader?: string | undefined;
  /** The header and value by which the sender marks a request that only tries the connection. */
  ping?: { header: string; value: string } | undefined;
  /** Who asked, for the log. */
  actor?: Expression | undefined;
  when?: Expression | undefined;
  allow?: Expression | undefined;
  /** Without it, the usual names at the top of the payload are looked at. */
  changeOrderId?: Expression | undefined;
  cluster: 'ecs' | 'k8s';
  dryRun: boolean;
  /** The status of a refusal that is nobody's fault (the catalogue's 409s). */
  refusalStatus: number;
  /** The sender's patience. */
  deadlineMs: number;
}

/** What the build writes into the bundle. */
export interface Configuration {
  version: string;
  sources: readonly CompiledSource[];
}
