/** Makes something once, when it is first needed. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** All results, or the first failure in their order, once every one of them has ended. */
export async function allAfterSettled<T extends readonly unknown[]>(works: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/**
 * The result of the work, or the failure where the work does not end in time. The work then goes on, and its result is
 * dropped.
 *
 * @param timeoutMs milliseconds from now
 */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number, failure: Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(reject, timeoutMs, failure);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
