/** What a supervised child can be doing, and what may follow what. */

/**
 * - `starting`: about to be started, for the first time or again.
 * - `running`: there is a process; whether it is ready to serve is not a supervisor's business.
 * - `backing-off`: its process ended; the next one follows after a delay.
 * - `stopping`: asked to end, not yet ended.
 * - `gone`: no process, and none will follow.
 */
export type ChildState = 'starting' | 'running' | 'backing-off' | 'stopping' | 'gone';

export const childTransitions: Readonly<Record<ChildState, readonly ChildState[]>> = {
  // To back-off: the system had no room for a process just now.
  starting: ['running', 'backing-off', 'gone'],
  // To gone: it ended with a fatal exit code.
  running: ['backing-off', 'stopping', 'gone'],
  'backing-off': ['starting', 'gone'],
  stopping: ['gone'],
  gone: [],
};
