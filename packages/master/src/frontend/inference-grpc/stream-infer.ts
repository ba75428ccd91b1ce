/**
 * ModelStreamInfer: requests on a stream run at the same time and are answered in their order, each with one message. An
 * error is a message, too, and the stream goes on.
 */
import { grpcStatus, ServingError, type RpcCall, type RpcStream, type StreamHandler } from '@serving/common';
import { stopped, untilStopped } from '../until-stopped.js';
import type { InferRequest } from '../inference/infer-request.js';
import type { InferenceRunner } from '../inference/inference-runner.js';
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

export function streamInfer(settings: StreamSettings): StreamHandler {
  return async (call, stream) => {
    const answers = new Answers(stream);
    for await (const message of untilStopped(stream.messages, settings.stopping)) {
      await answers.room();
      answers.add(answerTo(settings, call, message));
    }
    await answers.sent();
    return settings.stopping.aborted ? stopped : { status: grpcStatus.OK };
  };
}

/** Never rejects. */
async function answerTo(
  { runner, read, onInternalError }: StreamSettings,
  call: RpcCall,
  message: Uint8Array,
): Promise<Uint8Array> {
  let id = '';
  try {
    const request = read(message);
    ({ id } = request);
    return writeStreamResponse(await runner.infer(call, request));
  } catch (thrown) {
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL') onInternalError(error);
    return writeStreamError(id, error.message);
  }
}

/** Answers on their way, sent in the order of their requests. */
class Answers {
  readonly #stream: RpcStream;
  /** Resolves when all answers so far are sent; rejects when the stream breaks. */
  #last: Promise<void> = Promise.resolve();
  readonly #pending: Promise<void>[] = [];

  constructor(stream: RpcStream) {
    this.#stream = stream;
  }

  /** Resolves when one more request may be taken. */
  async room(): Promise<void> {
    if (this.#pending.length >= mostPending) await this.#pending[0];
  }

  add(answer: Promise<Uint8Array>): void {
    this.#last = this.#send(this.#last, answer);
    // Whoever waits for it next learns of a break; until then it is nobody's.
    this.#last.catch(() => undefined);
    this.#pending.push(this.#last);
  }

  async #send(before: Promise<void>, answer: Promise<Uint8Array>): Promise<void> {
    const message = await answer;
    await before;
    await this.#stream.send(message);
    void this.#pending.shift();
  }

  sent(): Promise<void> {
    return this.#last;
  }
}
