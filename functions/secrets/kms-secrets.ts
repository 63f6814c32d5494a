import type { KmsClient, SecretVersion } from '../kms/client.ts';
import { KmsFailure } from '../kms/failure.ts';
import { allAfterSettled, withTimeout } from '../lib/async.ts';
import { reasonOf } from '../lib/text.ts';
import type { Clock } from '../lib/time.ts';
import type { Log } from '../platform/log.ts';

/** The versions of a secret that are valid: the current one and, where there is one, the one before it. */
export type SecretVersions = readonly [current: SecretVersion, previous?: SecretVersion];

/** How a secret may be read. */
export interface ReadOptions {
  openKms: () => Promise<KmsClient>;
  /** Milliseconds until there must be a result. */
  timeoutMs: number;
  /** Milliseconds for which what was read before is as good. */
  maxAgeMs: number;
}

/** A secret is not known: it cannot be had for now, or not at all. */
export class SecretUnavailable extends Error {
  override readonly name = 'SecretUnavailable';
  /** Seconds until KMS is asked again. Undefined where KMS has refused the secret, and time alone will not help. */
  readonly retryAfterSeconds: number | undefined;

  constructor(secret: string, retryAfterSeconds: number | undefined) {
    super(`The secret ${secret} is not known.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The secrets in KMS, cached in this instance. */
export interface KmsSecrets {
  /** @throws SecretUnavailable */
  read: (name: string, reading: ReadOptions) => Promise<SecretVersions>;
}

/**
 * How long a cached secret is used while KMS cannot be read. A longer time survives a longer outage; a shorter one
 * stops a secret sooner that was removed from KMS.
 */
const maxStaleMs = 60 * 60_000;

/** After a failure KMS is left alone for so long, twice as long after the next one, and so on. */
const firstPauseMs = 10_000;
const longestPauseMs = 60_000;

/** A moment, on both clocks. */
interface Moment {
  timeOfDay: number;
  onClock: number;
}

/** What is known of one secret. */
interface Entry {
  cached?: { versions: SecretVersions; at: Moment } | undefined;
  failure?: { kind: KmsFailure['kind']; at: Moment; pauseMs: number; timeoutMs: number } | undefined;
  /** The read that is going on, which never fails: what came of it stands above. */
  pendingRead?: Promise<void> | undefined;
}

/**
 * Reads secrets when they are needed and keeps them, so that no sender can make it ask KMS more often. Requests that
 * need the same secret at the same moment share one read. See docs/decisions/0009-secrets-from-kms.md.
 *
 * @param now the time of day, epoch milliseconds
 */
export function createKmsSecrets({
  now,
  clock,
  log,
}: {
  now: () => number;
  clock: Pick<Clock, 'now'>;
  log: Log;
}): KmsSecrets {
  const entries = new Map<string, Entry>();
  const moment = (): Moment => ({ timeOfDay: now(), onClock: clock.now() });
  // An instance is frozen between invocations. No page says whether the monotonic clock runs on meanwhile, and the time
  // of day can be set back. So the larger of the two ages counts.
  const ageOf = ({ timeOfDay, onClock }: Moment) => Math.max(now() - timeOfDay, clock.now() - onClock);

  async function refresh(name: string, entry: Entry, { openKms, timeoutMs }: ReadOptions): Promise<void> {
    try {
      const versions = await readVersions(name, await open(openKms), timeoutMs);
      if (entry.failure || !isSame(entry.cached?.versions, versions)) logVersions(name, versions, log);
      entry.cached = { versions, at: moment() };
      entry.failure = undefined;
    } catch (error) {
      const { kind, message: reason, requestId } = toFailure(error);
      const pauseMs = Math.min((entry.failure?.pauseMs ?? firstPauseMs / 2) * 2, longestPauseMs);
      entry.failure = { kind, at: moment(), pauseMs, timeoutMs };
      // KMS refuses this secret, so the cached value is dropped.
      if (kind === 'refused') entry.cached = undefined;
      const leftMs = entry.cached ? maxStaleMs - ageOf(entry.cached.at) : 0;
      log(leftMs > 0 ? 'warn' : 'error', 'a secret cannot be read from KMS', {
        secret: `kms:${name}`,
        reason,
        kmsRequestId: requestId,
        ...consequence(leftMs),
        nextReadInSeconds: pauseMs / 1000,
      });
    }
  }

  const startRead = (name: string, entry: Entry, reading: ReadOptions) =>
    (entry.pendingRead = refresh(name, entry, reading).finally(() => {
      entry.pendingRead = undefined;
    }));

  const isFresh = ({ cached }: Entry, { maxAgeMs }: ReadOptions) =>
    cached !== undefined && ageOf(cached.at) < maxAgeMs;

  /**
   * Whether KMS is to be left alone after a failure. A read that had less time than this request does not count: a
   * sender with a short deadline, or an attacker who poses as one, must not close the sources of others.
   */
  const isPaused = ({ failure }: Entry, timeoutMs: number) => {
    if (!failure || ageOf(failure.at) >= failure.pauseMs) return false;
    return failure.kind === 'refused' || failure.timeoutMs >= timeoutMs;
  };

  /** Waits for a read that is going on, or reads, as long as there is time and it may bring something new. */
  async function refreshIfStale(name: string, entry: Entry, reading: ReadOptions): Promise<void> {
    const deadlineAt = clock.now() + reading.timeoutMs;
    while (!isFresh(entry, reading)) {
      const timeoutMs = deadlineAt - clock.now();
      if (timeoutMs <= 0 || (!entry.pendingRead && isPaused(entry, timeoutMs))) return;
      if (!entry.pendingRead) await startRead(name, entry, { ...reading, timeoutMs });
      else if (!(await endsWithin(entry.pendingRead, timeoutMs))) return;
    }
  }

  /** Seconds until KMS may be asked again, at least one. */
  const secondsLeft = ({ failure }: Entry) =>
    Math.max(1, Math.ceil((failure ? failure.pauseMs - ageOf(failure.at) : firstPauseMs) / 1000));

  return {
    read: async (name, reading) => {
      const entry = entries.get(name) ?? {};
      entries.set(name, entry);
      await refreshIfStale(name, entry, reading);
      if (entry.cached && ageOf(entry.cached.at) < maxStaleMs) return entry.cached.versions;
      throw new SecretUnavailable(name, entry.failure?.kind === 'refused' ? undefined : secondsLeft(entry));
    },
  };
}

/** A read that another request began may last longer than this one may wait. */
async function endsWithin(going: Promise<void>, timeoutMs: number): Promise<boolean> {
  return withTimeout(
    going.then(() => true),
    timeoutMs,
    new Error('late'),
  ).catch(() => false);
}

/** Before there is a client, an error's words cannot quote a secret. */
async function open(openKms: ReadOptions['openKms']): Promise<KmsClient> {
  try {
    return await openKms();
  } catch (error) {
    throw error instanceof KmsFailure ? error : new KmsFailure('refused', reasonOf(error));
  }
}

function toFailure(error: unknown): KmsFailure {
  return error instanceof KmsFailure ? error : new KmsFailure('unavailable', 'The read failed.');
}

/**
 * Both at once, so that the second costs no time. No call goes on after it.
 *
 * @throws KmsFailure
 */
export async function readVersions(name: string, kms: KmsClient, timeoutMs: number): Promise<SecretVersions> {
  const [current, previous] = await allAfterSettled([
    kms.getSecretValue(name, 'ACSCurrent', timeoutMs),
    kms.getSecretValue(name, 'ACSPrevious', timeoutMs).catch(noneIfRefused),
  ]);
  return previous ? [current, previous] : [current];
}

/**
 * A secret that was never changed has no previous version, and what KMS then answers is documented nowhere: any
 * refusal. Any other failure is thrown: without the previous version, a sender that still signs with it would be
 * refused.
 */
function noneIfRefused(error: unknown): undefined {
  if (error instanceof KmsFailure && error.kind === 'refused') return undefined;
  throw error;
}

function isSame(before: SecretVersions | undefined, [current, previous]: SecretVersions): boolean {
  return before?.[0].text === current.text && before[1]?.text === previous?.text;
}

function logVersions(name: string, [current, previous]: SecretVersions, log: Log): void {
  const versions = { version: current.versionId, previousVersion: previous?.versionId };
  log('info', 'a secret was read from KMS', { secret: `kms:${name}`, ...versions });
}

function consequence(leftMs: number): Record<string, unknown> {
  if (leftMs <= 0) return { consequence: 'its sources are closed' };
  const seconds = Math.floor(leftMs / 1000);
  return { consequence: `what was read before is used for ${seconds} s more` };
}
