/** A child's word to its supervisor that it serves. */

/** What it says on the IPC channel. */
export const servingMessage = 'serving';

/**
 * To be called when a child does what it was started for, as often as it likes. From then on it is replaced whatever
 * its exit code: a command line that has worked once is no mistake. Does nothing without a supervisor.
 */
export function tellServing(): void {
  // One whose supervisor was killed meanwhile ends by endWithParent, and not by this.
  process.send?.(servingMessage, undefined, undefined, () => undefined);
}
