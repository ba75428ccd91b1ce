/** MindSpore Serving's MSService. Application errors ride in gRPC OK replies, as its clients expect. */
import {
  grpcStatus,
  ServingError,
  type Logger,
  type RpcCall,
  type RpcResult,
  type RpcRoute,
} from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import type { PredictEndpoint } from '../predict-endpoint.js';
import { priorityOf } from '../request-headers.js';
import { bufferBytes, objectBytes } from '../retained-bytes.js';
import { refuseStreaming } from '../refuse-streaming.js';
import { instanceCount, RequestReader, type MindsporeRequest } from './deserialize.js';
import { readInstances } from './read-instances.js';
import { ReplyWriter, writeFailure } from './serialize.js';

const path = '/mindspore.serving.proto.MSService/Predict';

export interface MindsporeGrpcSettings {
  readonly endpoint: PredictEndpoint;
  readonly logger: Logger;
  /** Most instances in a request: no more than could ever wait. */
  readonly maxInstances: number;
}

/** The routes of MSService, to be served by a gRPC server. */
export function mindsporeGrpcRoutes(settings: MindsporeGrpcSettings): RpcRoute[] {
  const frontend = new MindsporeFrontend(settings);
  return [{ kind: 'unary', path, handle: (call, message) => frontend.predict(call, message) }];
}

class MindsporeFrontend {
  readonly #settings: MindsporeGrpcSettings;
  readonly #requests: RequestReader;
  readonly #replies = new ReplyWriter();

  constructor(settings: MindsporeGrpcSettings) {
    this.#settings = settings;
    this.#requests = new RequestReader(settings.maxInstances);
  }

  /** @throws ServingError BAD_REQUEST for bytes that are no request at all: the protocol has no reply to those */
  predict(call: RpcCall, message: Uint8Array): RpcResult | Promise<RpcResult> {
    const { endpoint } = this.#settings;
    const request = endpoint.countRefusals(() => this.#requests.read(message));
    const { echo } = request.spec;
    try {
      return this.#answer(
        echo,
        endpoint.countRefusals(() => this.#run(call, request)),
      );
    } catch (thrown) {
      return this.#failed(echo, thrown);
    }
  }

  /** Apart from `predict`, so that nothing but the echo is held of a request while it waits. */
  #answer(echo: Uint8Array, outcomes: Promise<readonly CollectedOutcome[]>): Promise<RpcResult> {
    return outcomes.then((collected) => {
      try {
        return ok(this.#replies.write(echo, collected));
      } catch (thrown) {
        return this.#failed(echo, thrown);
      }
    });
  }

  #failed(echo: Uint8Array, thrown: unknown): RpcResult {
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL') {
      const { logger } = this.#settings;
      logger.error({ errorId: error.errorId, err: error.cause }, 'internal error in a request');
    }
    return ok(writeFailure(echo, error));
  }

  #run(call: RpcCall, request: MindsporeRequest): Promise<readonly CollectedOutcome[]> {
    const { message, spec, refusal } = request;
    if (refusal !== undefined) throw refusal;
    const { endpoint } = this.#settings;
    const { servable, method } = spec.requested;
    const route = endpoint.route(spec.requested);
    refuseStreaming(route);
    const count = instanceCount(request);
    if (count === 0) {
      const why = 'expected at least one instance, given none';
      throw new ServingError(
        'BAD_REQUEST',
        `Instances count of request cannot be 0, servable: ${servable}, method: ${method}; ${why}`,
      );
    }
    const instances = readInstances(request, servable, route.method);
    return endpoint.predict({
      route,
      count,
      ...instances,
      retainedBytes: bufferBytes(message) + objectBytes(instances),
      deadline: call.deadline,
      signal: call.signal,
      priority: priorityOf(call),
      traceparent: call.metadata('traceparent') ?? '',
    });
  }
}

function ok(body: Uint8Array): RpcResult {
  return { status: grpcStatus.OK, body: [body] };
}
