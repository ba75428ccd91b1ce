/**
 * Promises that stages have left rejected: nobody knows whose they were, and nobody waits for them. They are no reason to
 * lose what others wait for, as the end of the thread would be; they are told to the log.
 */
import { firstLine } from '@serving/common';

export interface StrayRejection {
  readonly reason: string;
  readonly thrown: unknown;
  /** How many there were since the last one that was reported. */
  readonly leftOut: number;
}

/** One for each instance could come: a log is no place for all of them. */
const pauseMs = 1000;

/** Gives a listener for them. @param now milliseconds that only ever grow */
export function strayRejections(
  report: (stray: StrayRejection) => void,
  now: () => number,
): (thrown: unknown) => void {
  let reportedAt = -Infinity;
  let leftOut = 0;
  return (thrown) => {
    if (now() - reportedAt < pauseMs) {
      leftOut++;
      return;
    }
    report({ reason: firstLine(thrown), thrown, leftOut });
    reportedAt = now();
    leftOut = 0;
  };
}
