/** Bars in the words of the table of cases. */
import type { Bar } from '../case.ts';

/** Ours is at least so much of the base. */
export function atLeast(ratio: number): Bar {
  return { of: 'ratio', least: ratio };
}

/** Ours is at most so many times the base, for figures of which less is better: ratios are turned. */
export function atMostTimes(factor: number): Bar {
  return { of: 'ratio', least: 1 / factor };
}

export function atMost(most: number): Bar {
  return { of: 'ours', most };
}

/** Ours may be so much above the base. */
export function atMostAboveBase(most: number): Bar {
  return { of: 'difference', most };
}
