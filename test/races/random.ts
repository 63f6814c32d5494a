import type { Range } from './race.ts';

/** Numbers from 0 to 1, the same ones in every run. https://en.wikipedia.org/wiki/Linear_congruential_generator */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Draws from a range, the same numbers in every run. */
export function createDraw([least, most]: Range): () => number {
  const random = createRandom(1);
  return () => least + random() * (most - least);
}
