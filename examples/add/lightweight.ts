/**
 * Lightweight deployment: master and worker in this process. The counterpart of the tutorial's master_with_worker.py.
 * Usage: npx jiti examples/add/lightweight.ts [address, default 127.0.0.1:5500]
 */
import { fileURLToPath } from 'node:url';
import { Master, startGrpcServer, startServableInMaster } from '@serving/master';

const directory = fileURLToPath(new URL('.', import.meta.url));

const master = new Master();
await startServableInMaster(master, { directory, servable: 'add', deviceId: 0 });
await startGrpcServer(master, process.argv[2] ?? '127.0.0.1:5500');

process.once('SIGINT', () => void master.stop(5000));
process.once('SIGTERM', () => void master.stop(5000));
