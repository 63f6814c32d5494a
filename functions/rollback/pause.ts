/** Milliseconds. */
const [shortest, longest] = [300, 2_000];

/**
 * Milliseconds to wait after attempt 0, 1, 2, …: longer each time, and cut by chance, by up to half, so that those who
 * were refused together do not come back together.
 *
 * @param random from 0 to 1, as `Math.random`
 */
export function pauseAfter(attempt: number, random: () => number): number {
  return Math.min(shortest * 2 ** attempt, longest) * (0.5 + random() / 2);
}
