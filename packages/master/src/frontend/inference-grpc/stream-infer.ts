/**
 * ModelStreamInfer: requests on a stream run at the same time and are answered in their order, each with one message. An
 * error is a message, too, and the stream goes on; unless its caller has asked for the status of the first one.
 */
import {
  grpcStatus,
  ServingError,
  type CancelSignal,
  type RpcCall,
  type RpcStream,
  type StreamHandler,
} from '@serving/common';
import { stopped, untilStopped } from '../until-stopped.js';
import type { InferRequest } from '../inference/infer-request.js';
import type { InferenceRunner } from '../inference/inference-runner.js';
import { RequestSignals } from './request-signals.js';
import { writeStreamError, writeStreamResponse } from './serialize.js';

/** Requests of a stream that are not answered yet; further ones stay with the transport, which holds the client back. */
const mostPending = 256;

export interface StreamSettings {
  readonly runner: InferenceRunner;
  /** @throws ServingError */
  readonly read: (message: Uint8Array) => InferRequest;
  /** Aborts when the master begins to stop: what was taken is answered, and the stream ends. */
  readonly stopping: AbortSignal;
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
      const answer = signals.during((signal) => answerTo(settings, { call, signal, endsAtError }, message));
      answers.add(answer);
    }
    await answers.sent();
    return settings.stopping.aborted ? stopped : { status: grpcStatus.OK };
  };
}

interface StreamedRequest {
  readonly call: RpcCall;
  readonly signal: CancelSignal;
  /** Whether an error rejects, to end the stream, instead of being an answer. */
  readonly endsAtError: boolean;
}

async function answerTo(
  { runner, read, onInternalError }: StreamSettings,
  { call, signal, endsAtError }: StreamedRequest,
  message: Uint8Array,
): Promise<Uint8Array> {
  const caller = { metadata: (name: string) => call.metadata(name), deadline: call.deadline, signal };
  let request: InferRequest | undefined;
  try {
    request = read(message);
    return writeStreamResponse(await runner.infer(caller, request));
  } catch (thrown) {
    const error = ServingError.from(thrown);
    if (endsAtError) throw error;
    if (error.code === 'INTERNAL') onInternalError(error);
    return writeStreamError(request, error.message);
  }
}

/** Answers on their way, sent in the order of their requests. */
class Answers {
  readonly #stream: RpcStream;
  readonly #onEnd: () => void;
  /** Resolves when all answers so far are sent; rejects when the stream breaks or ends with an error. */
  #last: Promise<void> = Promise.resolve();
  readonly #pending: Promise<void>[] = [];

  /** @param onEnd called when nothing more can be sent: the stream is broken, or ends with an error */
  constructor(stream: RpcStream, onEnd: () => void) {
    this.#stream = stream;
    this.#onEnd = onEnd;
  }

  /** Resolves when one more request may be taken. */
  async room(): Promise<void> {
    if (this.#pending.length >= mostPending) await this.#pending[0];
  }

  add(answer: Promise<Uint8Array>): void {
    // An error is dealt with in its turn.
    answer.catch(() => undefined);
    this.#last = this.#send(this.#last, answer);
    // Whoever waits for it next learns of it; until then it is nobody's.
    this.#last.catch(this.#onEnd);
    this.#pending.push(this.#last);
  }

  async #send(before: Promise<void>, answer: Promise<Uint8Array>): Promise<void> {
    await before;
    await this.#stream.send(await answer);
    void this.#pending.shift();
  }

  sent(): Promise<void> {
    return this.#last;
  }
}
