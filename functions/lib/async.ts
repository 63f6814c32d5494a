/** Makes something once, and not before it is needed. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** All results, or the first failure in the order of the works: but not before each of them has ended. */
export async function settleAll<T extends readonly unknown[]>(works: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/**
 * What the work comes to, or the failure where it does not end in time. Then the work goes on, and nobody waits for it.
 *
 * @param timeoutMs milliseconds from now
 */
export async function withinTime<T>(work: Promise<T>, timeoutMs: number, failure: Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(reject, timeoutMs, failure);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
