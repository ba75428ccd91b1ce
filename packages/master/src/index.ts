/** A master as a library: `new Master()`, `startServableInMaster`, `startGrpcServer`, `startRestServer`. */
export { Master, type MasterOptions, type StopHook } from './master.js';
export { startServableInMaster, type ServableOptions } from './lightweight.js';
export { startGrpcServer, type GrpcServerOptions } from './start-grpc-server.js';
export { startRestServer, type RestServerOptions } from './start-rest-server.js';
export { masterOptions, type MasterConfig } from './config.js';
export type { BatchLimits, QueueLimits } from './batching/batch-limits.js';
export type { CreditListener, Replica, ReplicaWork } from './cluster/replica.js';
export { startMasterServer, type MasterServerOptions } from './start-master-server.js';
export { startIsolatedServables, type IsolatedOptions } from './isolated.js';
