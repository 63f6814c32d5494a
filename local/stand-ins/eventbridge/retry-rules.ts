/** When a delivery that failed is made again. */
export interface RetryRules {
  /** How often at most. */
  readonly mostRetries: number;
  /** Milliseconds since the event was published, after which it is not delivered again. */
  readonly maxAgeMs: number;
  /** Milliseconds before retry 1, 2, 3, …; `random` as `Math.random`. */
  readonly delayMs: (retry: number, random: () => number) => number;
}

const dayMs = 24 * 3_600_000;

/** BACKOFF_RETRY. https://www.alibabacloud.com/help/en/eventbridge/user-guide/retry-and-dead-letter */
export const backoffRetry: RetryRules = {
  mostRetries: 3,
  maxAgeMs: dayMs,
  delayMs: (_retry, random) => 10_000 + random() * 10_000,
};

/** EXPONENTIAL_DECAY_RETRY: 1, 2, 4, … 512 s, and then every 512 s, for a day. The same page. */
export const exponentialDecayRetry: RetryRules = {
  mostRetries: 176,
  maxAgeMs: dayMs,
  delayMs: (retry) => Math.min(2 ** (retry - 1), 512) * 1000,
};

/**
 * Function Compute's own retries of an asynchronous invocation. How often and for how long is documented:
 * https://www.alibabacloud.com/help/en/functioncompute/fc/error-handling-1-2. How long it waits after an error of the function is not:
 * as after 429, it is assumed.
 *
 * @param maxRetries `maxAsyncRetryAttempts` of the function
 * @param maxAgeMs `maxAsyncEventAgeInSeconds` of the function
 */
export function asyncRetry(maxRetries = 3, maxAgeMs = dayMs): RetryRules {
  return { mostRetries: maxRetries, maxAgeMs, delayMs: (retry) => 500 * 2 ** (retry - 1) };
}
