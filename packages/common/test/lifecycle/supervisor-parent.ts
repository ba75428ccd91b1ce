/** Run by supervisor-parent.test.ts: supervises one process that runs the command of the arguments. */
import { closeSync, openSync } from 'node:fs';
import { onShutdownSignal } from '../../src/lifecycle/shutdown-signals.js';
import { Supervisor } from '../../src/lifecycle/supervisor.js';
import { createLogger } from '../../src/logging/logger.js';

const [command, ...args] = process.argv.slice(2);
const supervisor = new Supervisor({
  children: [{ name: 'device 0', command: command!, args }],
  logger: createLogger('parent', 'info'),
  isFatal: (exitCode) => exitCode === 3,
  killAfterMs: 5_000,
});

/** Leaves no file descriptor until the first start has failed for want of one. */
async function startExhausted(): Promise<void> {
  const open: number[] = [];
  try {
    for (;;) open.push(openSync('/dev/null', 'r'));
  } catch {
    supervisor.start();
  }
  await new Promise((resolve) => setImmediate(resolve));
  for (const descriptor of open) closeSync(descriptor);
}

if (process.env['EXHAUSTED'] === undefined) supervisor.start();
else await startExhausted();
onShutdownSignal(() => supervisor.stop(20_000));
const end = await supervisor.fatal;
// Not process.exit: nothing may be left that keeps this process alive.
process.exitCode = end.exitCode;
