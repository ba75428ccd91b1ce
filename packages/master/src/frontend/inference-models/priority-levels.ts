/** Priorities as the Open Inference Protocol has them, where 1 goes first, and as queues have them, where more does. */
import { mostPriority } from '@serving/common';

/** The last level. Requests without a priority are in the middle, unless their method has one. */
export const priorityLevels = 2 * mostPriority + 1;

export function priorityOfLevel(level: number): number {
  return mostPriority + 1 - level;
}

export function levelOfPriority(priority: number): number {
  return mostPriority + 1 - priority;
}
