/**
 * PredictStream: MindSpore Serving's messages for methods that give many responses. One request of one instance; a reply for
 * each of its responses, and one for the error that ends them.
 */
import { grpcStatus, ServingError, type RpcCall, type RpcStream, type StreamHandler } from '@serving/common';
import type { MethodRoute } from '../../call/method-route.js';
import type { PredictEndpoint } from '../predict-endpoint.js';
import { RequestSignals, type RequestSignal } from '../streams/request-signals.js';
import { UnsentResponses } from '../streams/unsent-responses.js';
import { stopped, untilStopped } from '../streams/until-stopped.js';
import { RequestReader, type MindsporeRequest } from './deserialize.js';
import { endpointRequest } from './endpoint-request.js';
import { ReplyWriter, writeFailure } from './serialize.js';

export interface PredictStreamSettings {
  readonly endpoint: PredictEndpoint;
  /** Most instances in a request, of those that are read to be counted. */
  readonly maxInstances: number;
  /** Largest message. */
  readonly maxMessageBytes: number;
  /** Aborts when the master begins to stop: what was taken is answered to its end, within the grace. */
  readonly stopping: AbortSignal;
  /** Told of errors whose cause the caller does not see. */
  readonly onInternalError: (error: ServingError) => void;
}

interface StreamedRequest {
  readonly settings: PredictStreamSettings;
  readonly call: RpcCall;
  readonly stream: RpcStream;
  readonly request: MindsporeRequest;
  readonly replies: ReplyWriter;
}

export function predictStream(settings: PredictStreamSettings): StreamHandler {
  const requests = new RequestReader(settings.maxInstances);
  const replies = new ReplyWriter();
  return async (call, stream) => {
    const message = await firstMessage(stream, settings.stopping);
    if (message === undefined) return stopped;
    const request = settings.endpoint.countRefusals(() => requests.read(message));
    const streamed = { settings, call, stream, request, replies };
    await new RequestSignals(call.signal).during((signal) => respond(streamed, signal));
    return { status: grpcStatus.OK };
  };
}

/** Undefined when the master stops before there is one. @throws ServingError BAD_REQUEST when none comes */
async function firstMessage({ messages }: RpcStream, stopping: AbortSignal): Promise<Uint8Array | undefined> {
  for await (const message of untilStopped(messages, stopping)) return message;
  if (stopping.aborted) return undefined;
  throw new ServingError('BAD_REQUEST', 'expected a mindspore.serving.proto.PredictRequest, given none');
}

/** Resolves when the last reply is sent. */
async function respond(streamed: StreamedRequest, signal: RequestSignal): Promise<void> {
  const { settings, stream, request } = streamed;
  const responses = new UnsentResponses(stream, settings.maxMessageBytes);
  try {
    await run(streamed, signal, responses);
  } catch (thrown) {
    // It may still run, for responses that nobody takes.
    signal.abort();
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL') settings.onInternalError(error);
    responses.addLast(writeFailure(request.spec.echo, error));
  }
  await responses.sent();
}

/** @throws ServingError what the responses end with */
async function run(
  { settings, call, request, replies }: StreamedRequest,
  signal: RequestSignal,
  responses: UnsentResponses,
): Promise<void> {
  const { endpoint } = settings;
  const { echo } = request.spec;
  const predict = endpoint.countRefusals(() =>
    endpointRequest(endpoint, call, request, expectOneInstance, signal),
  );
  const [end] = await endpoint.predict(predict, (outputs) => {
    try {
      return responses.add(replies.write(echo, [{ first: 0, count: 1, outcome: { ok: true, outputs } }]));
    } catch (thrown) {
      return ServingError.from(thrown);
    }
  });
  if (!end!.outcome.ok) throw end!.outcome.error;
  if (predict.route.method.streaming !== true) responses.addLast(replies.write(echo, [end!]));
}

/** @throws ServingError BAD_REQUEST */
function expectOneInstance({ servable, method }: MethodRoute, count: number): void {
  if (count <= 1) return;
  throw new ServingError(
    'BAD_REQUEST',
    `servable(${servable}) method(${method.name}): responses of a stream do not tell of which instance they are: expected a request of one instance, given ${count}`,
  );
}
