/** All results, or the first failure in the order of the works: but not before each of them has ended. */
export async function settleAll<T extends readonly unknown[]>(works: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
