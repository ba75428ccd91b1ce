/** Speech from how probable it is in each chunk. */

/** A stretch begins with a chunk of at least this, */
const start = 0.5;
/** and ends when all chunks are below this */
const stop = 0.35;
/** for so many seconds. */
const pause = 0.2;
/** Shorter ones, in seconds, are dropped. */
const shortest = 0.1;

/** Seconds, from the start of the recording. */
export type Stretch = readonly [from: number, to: number];

export function stretchesOf(probabilities: readonly number[], chunkSeconds: number): Stretch[] {
  const found: { first: number; last: number }[] = [];
  let isOpen = false;
  for (const [index, probability] of probabilities.entries()) {
    const current = found.at(-1);
    if (!isOpen || current === undefined) {
      isOpen = probability >= start;
      if (isOpen) found.push({ first: index, last: index });
    } else if (probability >= stop) current.last = index;
    else isOpen = (index - current.last) * chunkSeconds < pause;
  }
  return found
    .map(({ first, last }) => [first * chunkSeconds, (last + 1) * chunkSeconds] as const)
    .filter(([from, to]) => to - from >= shortest);
}
