/** A block of instances, with what their caller says of them → the request of the endpoint. */
import type { Block, Deadline, RpcCall } from '@serving/common';
import type { MethodRoute } from '../../call/method-route.js';
import type { PredictRequest } from '../predict-endpoint.js';
import { priorityOf } from '../request-headers.js';

/** What a request comes with beside its message. */
export type Caller = Pick<RpcCall, 'metadata' | 'deadline' | 'signal'>;

export interface BlockRequest {
  readonly route: MethodRoute;
  readonly block: Block;
  /** Bytes that the block keeps alive. */
  readonly retainedBytes: number;
  /** @default the caller's */
  readonly deadline?: Deadline;
  /** @default that of the caller's headers */
  readonly priority?: number | undefined;
}

/** @throws ServingError BAD_REQUEST for headers that make no sense */
export function predictRequest(caller: Caller, request: BlockRequest): PredictRequest {
  const { route, block, retainedBytes, deadline = caller.deadline, priority } = request;
  return {
    route,
    count: block.count,
    parts: [{ first: 0, block }],
    refused: [],
    retainedBytes,
    deadline,
    signal: caller.signal,
    priority: priority ?? priorityOf(caller),
    traceparent: caller.metadata('traceparent') ?? '',
  };
}
