/** Run by shutdown-signals.test.ts as a process of its own; the argument says how stopping goes. */
import { onShutdownSignal } from '../../src/lifecycle/shutdown-signals.js';

const modes: Readonly<Record<string, (signal: NodeJS.Signals) => Promise<unknown>>> = {
  async orderly() {
    await new Promise((resolve) => setImmediate(resolve));
    console.log('stopped');
  },
  stuck: () => new Promise(() => undefined),
  failing: () => Promise.reject(new Error('could not stop')),
  throwing() {
    throw new Error('could not stop');
  },
  deaf: () => Promise.resolve(),
  impossible: () => Promise.resolve(false),
};

const mode = process.argv[2] ?? '';
const forget = onShutdownSignal((signal) => {
  console.log(`stopping on ${signal}`);
  return modes[mode]!(signal);
});
if (mode === 'deaf') forget();
setInterval(() => undefined, 60_000);
console.log('ready');
