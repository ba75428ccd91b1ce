/**
 * Cluster deployment, a worker: the counterpart of the tutorial's worker.py.
 * Usage: npx jiti examples/add/worker.ts [cluster address of the master, default 127.0.0.1:6500]
 */
import { fileURLToPath } from 'node:url';
import { startServable } from '@serving/worker';

const directory = fileURLToPath(new URL('.', import.meta.url));

const worker = await startServable({
  directory,
  servable: 'add',
  deviceId: 0,
  master: process.argv[2] ?? '127.0.0.1:6500',
  onRegistered: (epoch) => console.log(`Serving: worker registered, epoch ${epoch}`),
});

process.once('SIGINT', () => void worker.stop(5000));
process.once('SIGTERM', () => void worker.stop(5000));
await worker.ended;
