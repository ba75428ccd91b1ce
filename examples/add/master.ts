/**
 * Cluster deployment, the master: the counterpart of the tutorial's master.py. Workers find it by themselves.
 * Usage: npx jiti examples/add/master.ts [address, default 127.0.0.1:5500] [cluster address, default 127.0.0.1:6500]
 */
import { Master, startGrpcServer, startMasterServer } from '@serving/master';

const [grpcAddress = '127.0.0.1:5500', clusterAddress = '127.0.0.1:6500'] = process.argv.slice(2);

const master = new Master();
await startGrpcServer(master, grpcAddress);
await startMasterServer(master, clusterAddress);

process.once('SIGINT', () => void master.stop(5000));
process.once('SIGTERM', () => void master.stop(5000));
