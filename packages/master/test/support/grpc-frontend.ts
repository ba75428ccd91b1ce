/** MindSpore Serving's front end over a replica that answers at once, and a way to send it bytes. */
import { expect } from '@jest/globals';
import { Deadline, type RpcCall, type RpcResult, type ServingError } from '@serving/common';
import { mindsporeGrpcRoutes } from '../../src/frontend/mindspore-grpc/mindspore-grpc-frontend.js';
import { ManualSignal } from './calls.js';
import { FakeReplica, signature } from './fake-replica.js';
import { answerAtOnce, Plane } from './plane.js';
import { readReply } from './wire.js';

export const limits = {
  maxBatchSize: 4,
  maxBatchBytes: 1e6,
  minShare: 1,
  maxQueueInstances: 1e6,
  maxQueueBytes: 1e6,
};

export function callWith(more: Partial<RpcCall> = {}): RpcCall {
  return {
    path: '/mindspore.serving.proto.MSService/Predict',
    metadata: () => undefined,
    deadline: Deadline.none,
    signal: new ManualSignal(),
    peer: 'test',
    ...more,
  };
}

export function setUp(
  inputs: readonly string[] = ['x'],
  onInternalError: (error: ServingError) => void = () => undefined,
) {
  const plane = new Plane(limits);
  const replica = answerAtOnce(new FakeReplica({ methods: [signature('predict', inputs)] }));
  plane.registry.add(replica);
  replica.grant();
  const stopping = new AbortController().signal;
  const { endpoint } = plane;
  const settings = { endpoint, onInternalError, maxInstances: 1000, maxMessageBytes: 2 ** 20, stopping };
  const [route] = mindsporeGrpcRoutes(settings);
  const send = async (message: Uint8Array, call = callWith()): Promise<RpcResult> => {
    if (route?.kind !== 'unary') throw new Error('expected a unary route');
    const result = route.handle(call, message);
    plane.runDeferred();
    return result;
  };
  const predict = async (message: Uint8Array, call?: RpcCall) => {
    const { status, body } = await send(message, call);
    expect([status, body.length]).toEqual([0, 1]);
    return readReply(body[0]!);
  };
  return { plane, replica, route, send, predict };
}
