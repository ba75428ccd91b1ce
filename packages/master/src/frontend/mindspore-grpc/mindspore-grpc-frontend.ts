/** MindSpore Serving's MSService. Application errors ride in gRPC OK replies, as its clients expect. */
import {
  grpcStatus,
  predictPaths,
  ServingError,
  type RpcCall,
  type RpcResult,
  type RpcRoute,
} from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import type { PredictEndpoint } from '../predict-endpoint.js';
import { refuseStreaming } from '../refuse-streaming.js';
import { RequestReader, type MindsporeRequest } from './deserialize.js';
import { endpointRequest } from './endpoint-request.js';
import { predictStream } from './predict-stream.js';
import { ReplyWriter, writeFailure } from './serialize.js';

export interface MindsporeGrpcSettings {
  readonly endpoint: PredictEndpoint;
  /** Most instances in a request: no more than could ever wait. */
  readonly maxInstances: number;
  /** Largest message. */
  readonly maxMessageBytes: number;
  /** Aborts when the master begins to stop. */
  readonly stopping: AbortSignal;
  /** Told of errors whose cause the caller does not see. */
  readonly onInternalError: (error: ServingError) => void;
}

/** The routes of MSService, and of our own rpc for its messages, to be served by a gRPC server. */
export function mindsporeGrpcRoutes(settings: MindsporeGrpcSettings): RpcRoute[] {
  const frontend = new MindsporeFrontend(settings);
  return [
    {
      kind: 'unary',
      path: predictPaths.predict,
      handle: (call, message) => frontend.predict(call, message),
    },
    { kind: 'stream', path: predictPaths.stream, handle: predictStream(settings) },
  ];
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
    if (error.code === 'INTERNAL') this.#settings.onInternalError(error);
    return ok(writeFailure(echo, error));
  }

  #run(call: RpcCall, request: MindsporeRequest): Promise<readonly CollectedOutcome[]> {
    const { endpoint } = this.#settings;
    return endpoint.predict(endpointRequest(endpoint, call, request, refuseStreaming));
  }
}

function ok(body: Uint8Array): RpcResult {
  return { status: grpcStatus.OK, body: [body] };
}
