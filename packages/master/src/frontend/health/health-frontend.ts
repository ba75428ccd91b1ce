/** grpc.health.v1: whether this server takes requests, asked by load balancers, probes and `grpc_health_probe`. */
import {
  grpcHealth,
  grpcStatus,
  ServingError,
  type RpcCall,
  type RpcResult,
  type RpcRoute,
  type RpcStream,
} from '@serving/common';
import type { Models } from '../inference-models/models.js';
import { stopped } from '../streams/until-stopped.js';

const service = '/grpc.health.v1.Health/';
type Status = grpcHealth.HealthCheckResponse_ServingStatus;
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = grpcHealth.HealthCheckResponse_ServingStatus;

/** What the server as a whole and its inference protocols are asked by. */
const protocols = [
  '',
  'mindspore.serving.proto.MSService',
  'serving.predict.v1.PredictService',
  'inference.GRPCInferenceService',
];

export interface HealthSource {
  /** Servables, and models by the names that the Open Inference Protocol has for them, are services, too. */
  readonly models: Pick<Models, 'isServed' | 'all'>;
  /** Aborts when the master begins to stop. */
  readonly stopping: AbortSignal;
  /** Calls `listener` whenever replicas have come or gone until the result is called. */
  onReplicasChanged(listener: () => void): () => void;
}

/** The routes of Health. A stream of a watcher ends when the master stops. */
export function healthRoutes(source: HealthSource): RpcRoute[] {
  return [
    { kind: 'unary', path: `${service}Check`, handle: (_call, message) => check(source, message) },
    { kind: 'unary', path: `${service}List`, handle: () => list(source) },
    { kind: 'stream', path: `${service}Watch`, handle: (call, stream) => watch(source, call, stream) },
  ];
}

function check(source: HealthSource, message: Uint8Array): RpcResult {
  const name = serviceOf(message);
  const status = statusOf(source, name);
  if (status === undefined)
    return { status: grpcStatus.NOT_FOUND, message: `no service '${name}' here`, body: [] };
  return { status: grpcStatus.OK, body: [encode(status)] };
}

function list(source: HealthSource): RpcResult {
  const names = new Set([...protocols, ...source.models.all().map(({ name }) => name)]);
  const statuses = new Map(Array.from(names, (name) => [name, { status: statusOf(source, name)! }]));
  return { status: grpcStatus.OK, body: [grpcHealth.HealthListResponse.encode({ statuses }).finish()] };
}

/** Sends the status at once, and again when it has changed. */
async function watch(
  source: HealthSource,
  call: RpcCall,
  stream: RpcStream,
): Promise<Omit<RpcResult, 'body'>> {
  const first = await stream.messages[Symbol.asyncIterator]().next();
  const name = serviceOf(first.done === true ? new Uint8Array(0) : first.value);
  const changes = new Changes(source, call);
  try {
    let told: Status | undefined;
    while (!call.signal.aborted) {
      const status = statusOf(source, name) ?? SERVICE_UNKNOWN;
      if (status !== told) await stream.send(encode(status));
      told = status;
      if (source.stopping.aborted) return stopped;
      await changes.next();
    }
    return { status: grpcStatus.CANCELLED, message: 'the watcher has gone' };
  } finally {
    changes.end();
  }
}

/** Wakes a watcher when a status may have changed, or nobody watches any more. */
class Changes {
  readonly end: () => void;
  #isDue = false;
  #wake: () => void = () => undefined;

  constructor(source: HealthSource, { signal }: RpcCall) {
    const { stopping } = source;
    const wake = () => {
      this.#isDue = true;
      this.#wake();
    };
    const forget = source.onReplicasChanged(wake);
    stopping.addEventListener('abort', wake);
    signal.onAbort(wake);
    this.end = () => {
      forget();
      stopping.removeEventListener('abort', wake);
    };
  }

  async next(): Promise<void> {
    if (!this.#isDue) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#isDue = false;
  }
}

/** Undefined for a service that nobody knows. */
function statusOf({ models, stopping }: HealthSource, name: string): Status | undefined {
  const isServed = protocols.includes(name) ? true : models.isServed(name);
  if (isServed === undefined) return undefined;
  return isServed && !stopping.aborted ? SERVING : NOT_SERVING;
}

function encode(status: Status): Uint8Array {
  return grpcHealth.HealthCheckResponse.encode({ status }).finish();
}

function serviceOf(message: Uint8Array): string {
  try {
    return grpcHealth.HealthCheckRequest.decode(message).service;
  } catch (cause) {
    throw new ServingError('BAD_REQUEST', 'expected a HealthCheckRequest message', { cause });
  }
}
