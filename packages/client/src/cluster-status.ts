/** `clusterStatus`: what a master knows of its workers, replicas and queues at this moment. */
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { link, linkPaths, linkStatus, parseAddress } from '@serving/common';
import { channelOptions, checkDeadline, checkKeys, mebibyte } from './client-options.js';
import { badReply, cancelledByCaller } from './infer-error.js';
import { startUnaryCall } from './wire/unary-call.js';

export interface ClusterStatus {
  /** Release of the master's software. */
  readonly release: string;
  /** How long a worker's registration is valid without a heartbeat, in milliseconds. */
  readonly leaseMs: number;
  /** In the order they registered; a servable in the master's own process shows as a worker with epoch 0. */
  readonly workers: readonly WorkerStatus[];
  /** One queue each. */
  readonly methods: readonly MethodStatus[];
}

export interface WorkerStatus {
  readonly workerId: string;
  /** The number of the registration; 0 for the master's own process. */
  readonly epoch: number;
  readonly deviceType: string;
  readonly deviceId: number;
  readonly host: string;
  readonly pid: number;
  readonly replicas: readonly ReplicaStatus[];
  /** Milliseconds since the last heartbeat; absent for the master's own process. */
  readonly heartbeatAgeMs?: number;
}

/** `UNKNOWN` is a state of a later release. Only AVAILABLE replicas get batches. */
export type ReplicaState = 'LOADING' | 'AVAILABLE' | 'DRAINING' | 'UNKNOWN';

export interface ReplicaStatus {
  readonly replicaId: string;
  readonly servable: string;
  readonly version: number;
  readonly state: ReplicaState;
  /** Batches it can run at the same time. */
  readonly executors: number;
  /** Batches it may be sent now. */
  readonly credits: number;
  /** Batches it has not answered yet. */
  readonly inFlight: number;
}

export interface MethodStatus {
  readonly servable: string;
  readonly version: number;
  readonly method: string;
  /** Instances waiting. */
  readonly waiting: number;
}

export interface StatusOptions {
  /** How long the call may take, in milliseconds, connecting included; `Infinity` for no limit. @default 10000 */
  readonly deadlineMs?: number;
  /** Cancels the call: it rejects with CANCELLED and the signal's reason as its cause. */
  readonly signal?: AbortSignal;
}

/** Room for tens of thousands of replicas. */
const maxMessageBytes = 16 * mebibyte;

/**
 * Asks a master for its status.
 * @param address of its cluster port (`serving-master --master`): `host:port`, `unix:path`, or a port on this machine
 * @throws ServingError CONFIG_INVALID for an address or options that make no sense; InferError when the call failed
 * (UNIMPLEMENTED: the address is that of something else) or the reply cannot be read
 */
export async function clusterStatus(address: string, options: StatusOptions = {}): Promise<ClusterStatus> {
  checkKeys(options, ['deadlineMs', 'signal']);
  const deadlineMs = checkDeadline(options.deadlineMs ?? 10_000);
  const fullAddress = parseAddress(address);
  const { signal } = options;
  if (signal?.aborted) throw cancelledByCaller(signal);
  const channel = new GrpcClient(
    fullAddress,
    credentials.createInsecure(),
    channelOptions(fullAddress, maxMessageBytes),
  );
  const target = { channel, address: fullAddress, path: linkPaths.status, deadlineMs, maxMessageBytes };
  const call = startUnaryCall(target, linkStatus.GetStatusRequest.encode({}).finish());
  const cancel = () => call.cancel(cancelledByCaller(signal!));
  signal?.addEventListener('abort', cancel);
  try {
    return readStatus(await call.reply);
  } finally {
    signal?.removeEventListener('abort', cancel);
    channel.close();
  }
}

function readStatus(message: Uint8Array): ClusterStatus {
  try {
    const { release, leaseMs, workers, methods } = linkStatus.GetStatusResponse.decode(message);
    return { release, leaseMs, workers: workers.map(readWorker), methods };
  } catch (cause) {
    throw badReply('the reply cannot be read: expected a GetStatusResponse message', cause);
  }
}

function readWorker({ heartbeatAgeMs, replicas, ...worker }: linkStatus.WorkerStatus): WorkerStatus {
  const read = { ...worker, replicas: replicas.map(readReplica) };
  return heartbeatAgeMs === undefined ? read : { ...read, heartbeatAgeMs };
}

function readReplica(replica: linkStatus.ReplicaStatus): ReplicaStatus {
  return { ...replica, state: stateNames.get(replica.state) ?? 'UNKNOWN' };
}

const stateNames: ReadonlyMap<link.ReplicaState, ReplicaState> = new Map([
  [link.ReplicaState.LOADING, 'LOADING'],
  [link.ReplicaState.AVAILABLE, 'AVAILABLE'],
  [link.ReplicaState.DRAINING, 'DRAINING'],
]);
