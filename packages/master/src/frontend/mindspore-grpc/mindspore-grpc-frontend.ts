/** MindSpore Serving's MSService. Application errors ride in gRPC OK replies, as its clients expect. */
import {
  grpcStatus,
  ServingError,
  type Logger,
  type mindspore,
  type RpcCall,
  type RpcResult,
  type RpcRoute,
} from '@serving/common';
import type { CallPart } from '../../call/predict-call.js';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import type { PredictEndpoint, RefusedInstance } from '../predict-endpoint.js';
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
  settings: MindsporeGrpcSettings,
  call: RpcCall,
  message: Uint8Array,
): Promise<RpcResult> {
  const { wireSpec, outcomes } = begin(settings, call, message);
  try {
    return ok(writeReply(wireSpec, await outcomes));
  } catch (thrown) {
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL')
      settings.logger.error({ errorId: error.errorId, err: error.cause }, 'internal error in a request');
    return ok(writeFailure(wireSpec, error));
  }
}

/** What is left of a request while it waits: the decoded objects can weigh a hundred times what it weighs itself. */
interface Begun {
  readonly wireSpec: mindspore.ServableSpec | undefined;
  readonly outcomes: Promise<readonly CollectedOutcome[]>;
}

/** @throws ServingError BAD_REQUEST for bytes that are no request at all: the protocol has no reply to those */
function begin({ endpoint, maxInstances }: MindsporeGrpcSettings, call: RpcCall, message: Uint8Array): Begun {
  const request = readRequest(message, maxInstances);
  return { wireSpec: request.wireSpec, outcomes: run(endpoint, call, request, message) };
}

/** Awaits nothing, since what an async function holds stays alive until it goes on. */
async function run(
  endpoint: PredictEndpoint,
  call: RpcCall,
  request: MindsporeRequest,
  message: Uint8Array,
): Promise<readonly CollectedOutcome[]> {
  const { spec, instances, refusal } = request;
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
  return endpoint.predict({
    route,
    count: instances.length,
    parts,
    refused,
    retainedBytes: bufferBytes(message) + objectBytes(parts, refused),
    deadline: call.deadline,
    signal: call.signal,
    traceparent: call.metadata('traceparent') ?? '',
  });
}

/** Views keep their whole buffer alive; small messages share one of Node's pool, which is not theirs alone. */
function bufferBytes(message: Uint8Array): number {
  return message.buffer.byteLength > Buffer.poolSize ? message.buffer.byteLength : message.byteLength;
}

/** About what a view, a column with its shape, and an error with its stack take on the heap. */
const viewBytes = 128;
const columnBytes = 512;
const errorBytes = 1024;

/** What a waiting request takes beside its message: of very small instances more than the message itself. */
function objectBytes(parts: readonly CallPart[], refused: readonly RefusedInstance[]): number {
  let bytes = 0;
  for (const { block } of parts) bytes += block.columns.length * (columnBytes + block.count * viewBytes);
  for (const { error } of refused) bytes += errorBytes + error.message.length;
  return bytes;
}

function ok(body: Uint8Array): RpcResult {
  return { status: grpcStatus.OK, body: [body] };
}
