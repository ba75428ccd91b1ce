/**
 * The child's side of a supervisor that was killed: nobody is left to stop the child, so it has to notice by itself.
 *
 * What it notices is the end of the IPC channel, which the kernel closes with the last process that holds the other
 * end: the parent, however it died, since descriptors of Node are closed on exec. A pipe as standard input would end
 * as well, but a program that nobody supervises may have an empty standard input too and could not tell the two
 * apart; a poll of the parent's id is late, and blind behind a wrapper process; PR_SET_PDEATHSIG cannot be reached
 * from Node. What it cannot help is a main thread that never returns to its event loop.
 */
import { systemClock, type Clock } from '../timing/clock.js';
import { endAtOnce } from './shutdown-signals.js';

/**
 * Runs `stop` when the parent is gone and exits when it is done; one that takes longer than `killAfterMs` or fails is
 * not waited for. `stop` may already be under way because of a signal. Does nothing in a process that was not started
 * with an IPC channel, and keeps no process alive.
 */
export function endWithParent(
  stop: () => Promise<void>,
  killAfterMs: number,
  clock: Clock = systemClock,
): void {
  // Undefined without a channel, false once the channel has ended.
  const connected = process.connected as boolean | undefined;
  if (connected === undefined) return;
  // The pipes end with the parent, and a log line about it must not be what ends the child.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe);
  const onGone = () => {
    const kill = () => endAtOnce('SIGKILL');
    clock.after(killAfterMs, kill);
    stop().then(() => process.exit(0), kill);
  };
  if (connected) process.once('disconnect', onGone);
  else onGone();
  process.channel?.unref();
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
