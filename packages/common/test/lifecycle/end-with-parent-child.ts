/** Run by supervisor-parent.test.ts: tells of its life over a unix socket; the second argument says how stopping goes. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { endWithParent } from '../../src/lifecycle/end-with-parent.js';
import { onShutdownSignal } from '../../src/lifecycle/shutdown-signals.js';

const [path, mode] = process.argv.slice(2);
const witness = connect(path!);
const tell = (text: string) => new Promise<void>((resolve) => witness.write(`${text}\n`, () => resolve()));

async function stop(why: string): Promise<void> {
  // Nobody reads these any more when the parent is gone.
  for (let line = 0; line < 10; line++) {
    console.log('stopping');
    console.error('stopping');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await tell(`stopping: ${why}`);
  if (mode === 'failing') throw new Error('could not stop');
  if (mode === 'stuck') await new Promise(() => undefined);
  await tell('stopped');
}

onShutdownSignal((signal) => stop(signal));
if (mode !== 'late') endWithParent(() => stop('parent gone'), 300);
await tell(`up ${process.pid}`);
if (mode === 'late') {
  await once(process, 'disconnect');
  endWithParent(() => stop('parent gone'), 300);
}
