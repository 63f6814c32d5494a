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
