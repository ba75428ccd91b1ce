/** MindSpore Serving's MSService. Application errors ride in gRPC OK replies, as its clients expect. */
import {
  grpcStatus,
  ServingError,
  type Logger,
  type RpcCall,
  type RpcResult,
  type RpcRoute,
} from '@serving/common';
import type { PredictEndpoint } from '../predict-endpoint.js';
import { readInstances, readRequest, type MindsporeRequest } from './deserialize.js';
import { writeFailure, writeReply } from './serialize.js';

const path = '/mindspore.serving.proto.MSService/Predict';

export interface MindsporeGrpcSettings {
  readonly endpoint: PredictEndpoint;
  readonly logger: Logger;
  /** Most instances in a request: no more than could ever wait. */
  readonly maxInstances: number;
}

/** The routes of MSService, to be served by a gRPC server. */
export function mindsporeGrpcRoutes(settings: MindsporeGrpcSettings): RpcRoute[] {
  return [{ kind: 'unary', path, handle: (call, message) => predict(settings, call, message) }];
}

async function predict(
  { endpoint, logger, maxInstances }: MindsporeGrpcSettings,
  call: RpcCall,
  message: Uint8Array,
): Promise<RpcResult> {
  // Bytes that are no request at all have no reply of the protocol's own: the rejection becomes a gRPC status.
  const request = readRequest(message, maxInstances);
  try {
    return ok(await run(endpoint, call, request, message));
  } catch (thrown) {
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL')
      logger.error({ errorId: error.errorId, err: error.cause }, 'internal error in a request');
    return ok(writeFailure(request.wireSpec, error));
  }
}

async function run(
  endpoint: PredictEndpoint,
  call: RpcCall,
  request: MindsporeRequest,
  message: Uint8Array,
): Promise<Uint8Array> {
  const { spec, wireSpec, instances, refusal } = request;
  if (refusal !== undefined) throw refusal;
  const route = endpoint.route(spec);
  if (instances.length === 0) {
    const why = 'expected at least one instance, given none';
    throw new ServingError(
      'BAD_REQUEST',
      `Instances count of request cannot be 0, servable: ${spec.servable}, method: ${spec.method}; ${why}`,
    );
  }
  const { parts, refused } = readInstances(instances, spec.servable, route.method);
  const outcomes = await endpoint.predict({
    route,
    count: instances.length,
    parts,
    refused,
    retainedBytes: retainedBytes(message),
    deadline: call.deadline,
    signal: call.signal,
    traceparent: call.metadata('traceparent') ?? '',
  });
  return writeReply(wireSpec, outcomes);
}

/** Views keep their whole buffer alive; small messages share one of Node's pool, which is not theirs alone. */
function retainedBytes(message: Uint8Array): number {
  return message.buffer.byteLength > Buffer.poolSize ? message.buffer.byteLength : message.byteLength;
}

function ok(body: Uint8Array): RpcResult {
  return { status: grpcStatus.OK, body: [body] };
}
