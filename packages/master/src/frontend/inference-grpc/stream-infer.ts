/**
 * ModelStreamInfer: requests on a stream run at the same time and are answered in their order, each with one message; but
 * those for methods that give many responses are answered beside that, as their responses come. An error is a message, too,
 * and the stream goes on; unless its caller has asked for the status of the first one.
 */
import { grpcStatus, ServingError, type RpcCall, type RpcStream, type StreamHandler } from '@serving/common';
import { stopped, untilStopped } from '../streams/until-stopped.js';
import type { Caller } from '../inference/block-request.js';
import type { InferRequest } from '../inference/infer-request.js';
import type { InferenceRunner } from '../inference/inference-runner.js';
import { wantsEnd } from '../inference/parameters.js';
import { Answers } from './answers.js';
import { RequestSignals, type RequestSignal } from '../streams/request-signals.js';
import { writeStreamError, writeStreamResponse } from './serialize.js';
import { UnsentResponses } from '../streams/unsent-responses.js';

export interface StreamSettings {
  readonly runner: InferenceRunner;
  /** @throws ServingError */
  readonly read: (message: Uint8Array) => InferRequest;
  /** Aborts when the master begins to stop: what was taken is answered, and the stream ends. */
  readonly stopping: AbortSignal;
  /** Largest message. */
  readonly maxMessageBytes: number;
  /** Told of errors whose cause the caller does not see. */
  readonly onInternalError: (error: ServingError) => void;
}

/** Header of a caller that wants the stream to end at the first error, with its status. */
const endsAtErrorHeader = 'triton_grpc_error';

export function streamInfer(settings: StreamSettings): StreamHandler {
  return async (call, stream) => {
    const endsAtError = call.metadata(endsAtErrorHeader) === 'true';
    const signals = new RequestSignals(call.signal);
    const failed = new AbortController();
    const answers = new Answers(stream, () => {
      failed.abort();
      signals.abort();
    });
    for await (const message of untilStopped(stream.messages, settings.stopping, failed.signal)) {
      await answers.room();
      const streamed = { ...settings, call, stream, endsAtError };
      const request = attempt(() => settings.read(message));
      if (request instanceof ServingError || !settings.runner.isStreaming(request))
        answers.add(signals.during((signal) => answerTo(streamed, signal, request)));
      else answers.addSending(signals.during((signal) => respondTo(streamed, signal, request)));
    }
    await answers.sent();
    return settings.stopping.aborted ? stopped : { status: grpcStatus.OK };
  };
}

interface StreamedRequest extends StreamSettings {
  readonly call: RpcCall;
  readonly stream: RpcStream;
  /** Whether an error rejects, to end the stream, instead of being an answer. */
  readonly endsAtError: boolean;
}

/** The one answer to the request. @param request why there is none */
async function answerTo(
  streamed: StreamedRequest,
  signal: RequestSignal,
  request: InferRequest | ServingError,
): Promise<Uint8Array> {
  if (request instanceof ServingError) return errorAnswer(streamed, undefined, request);
  try {
    return writeStreamResponse(await streamed.runner.infer(callerOf(streamed, signal), request), true);
  } catch (thrown) {
    return errorAnswer(streamed, request, ServingError.from(thrown));
  }
}

/** Sends the responses to the request as they come; resolves when the last one is sent. */
async function respondTo(
  streamed: StreamedRequest,
  signal: RequestSignal,
  request: InferRequest,
): Promise<void> {
  const { runner, stream, maxMessageBytes } = streamed;
  const responses = new UnsentResponses(stream, maxMessageBytes);
  try {
    const sendsEnd = wantsEnd(request.parameters);
    const end = await runner.stream(callerOf(streamed, signal), request, (response) =>
      responses.add(writeStreamResponse(response, false)),
    );
    if (sendsEnd) responses.addLast(writeStreamResponse(end, true));
  } catch (thrown) {
    // It may still run, for responses that nobody takes.
    signal.abort();
    await endWithError(streamed, responses, request, ServingError.from(thrown));
  }
  await responses.sent();
}

async function endWithError(
  streamed: StreamedRequest,
  responses: UnsentResponses,
  request: InferRequest,
  error: ServingError,
): Promise<void> {
  // What came before the error goes before it.
  if (streamed.endsAtError) await responses.sent();
  responses.addLast(errorAnswer(streamed, request, error));
}

/** @throws the error when it is to end the stream */
function errorAnswer(
  { endsAtError, onInternalError }: StreamedRequest,
  request: InferRequest | undefined,
  error: ServingError,
): Uint8Array {
  if (endsAtError) throw error;
  if (error.code === 'INTERNAL') onInternalError(error);
  return writeStreamError(request, error.message);
}

function callerOf({ call }: StreamedRequest, signal: RequestSignal): Caller {
  return { metadata: (name: string) => call.metadata(name), deadline: call.deadline, signal };
}

function attempt(read: () => InferRequest): InferRequest | ServingError {
  try {
    return read();
  } catch (thrown) {
    return ServingError.from(thrown);
  }
}
