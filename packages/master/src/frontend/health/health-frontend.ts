/** grpc.health.v1: whether this server takes requests, asked by load balancers, probes and `grpc_health_probe`. */
import { grpcHealth, grpcStatus, ServingError, type RpcResult, type RpcRoute } from '@serving/common';

const path = '/grpc.health.v1.Health/Check';
const { SERVING, NOT_SERVING } = grpcHealth.HealthCheckResponse_ServingStatus;

/** What the server as a whole and its inference protocol are asked by. */
const services: ReadonlySet<string> = new Set(['', 'mindspore.serving.proto.MSService']);

export interface HealthSource {
  /** True from the start of the master until it begins to stop. */
  isServing(): boolean;
}

/**
 * The routes of Health. Watch and List are not among them: a caller gets UNIMPLEMENTED, which the protocol allows, and
 * no stream of a watcher holds up a stop.
 */
export function healthRoutes(source: HealthSource): RpcRoute[] {
  return [{ kind: 'unary', path, handle: (_call, message) => check(source, message) }];
}

function check(source: HealthSource, message: Uint8Array): RpcResult {
  const service = serviceOf(message);
  if (!services.has(service))
    return { status: grpcStatus.NOT_FOUND, message: `no service '${service}' here`, body: [] };
  const status = source.isServing() ? SERVING : NOT_SERVING;
  const body = grpcHealth.HealthCheckResponse.encode({ status }).finish();
  return { status: grpcStatus.OK, body: [body] };
}

function serviceOf(message: Uint8Array): string {
  try {
    return grpcHealth.HealthCheckRequest.decode(message).service;
  } catch (cause) {
    throw new ServingError('BAD_REQUEST', 'expected a HealthCheckRequest message', { cause });
  }
}
