/** `Client`: instances in, one result an instance out, over one gRPC channel. */
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { parseAddress, predictPaths } from '@serving/common';
import { AbortListeners } from './abort-listeners.js';
import {
  channelOptions,
  checkDeadline,
  checkKeys,
  checkName,
  checkPriority,
  mebibyte,
  resolveOptions,
  type ClientOptions,
} from './client-options.js';
import { cancelled, cancelledByCaller, type InferError } from './infer-error.js';
import { outputsOf, type InferResult, type NamedOutputs, type Outputs } from './infer-result.js';
import type { Instance } from './values/input-value.js';
import { decodeReply } from './wire/decode-reply.js';
import { encodeRequest, type RequestTarget } from './wire/encode-request.js';
import type { CallTarget } from './wire/call-target.js';
import { startReplyStream } from './wire/reply-stream.js';
import { startUnaryCall } from './wire/unary-call.js';

export interface InferOptions {
  /** Cancels the call: it rejects with CANCELLED and the signal's reason as its cause. */
  readonly signal?: AbortSignal;
  /** For this call, instead of the client's. */
  readonly deadlineMs?: number;
  /** Requests of a higher one go first; a whole number from -1000 to 1000. @default the method's own, mostly 0 */
  readonly priority?: number;
}

/** Calls one method of one servable. Any number of calls may run at a time; they share a connection. */
export class Client {
  /** The server's address in full. */
  readonly address: string;
  readonly #target: RequestTarget;
  readonly #deadlineMs: number;
  readonly #maxMessageBytes: number;
  readonly #channel: GrpcClient;
  readonly #running = new Set<(why: InferError) => void>();
  readonly #abortListeners = new AbortListeners();
  #isClosed = false;

  /**
   * Connects on the first call.
   * @param address `host:port`, `unix:path`, or a port on this machine
   * @throws ServingError CONFIG_INVALID
   */
  constructor(address: string, servable: string, method: string, options: ClientOptions = {}) {
    const { version, deadlineMs, maxMessageMb } = resolveOptions(options);
    this.address = parseAddress(address);
    this.#target = {
      servable: checkName('servable', servable),
      method: checkName('method', method),
      version,
    };
    this.#deadlineMs = deadlineMs;
    this.#maxMessageBytes = Math.floor(maxMessageMb * mebibyte);
    this.#channel = new GrpcClient(
      this.address,
      credentials.createInsecure(),
      channelOptions(this.address, this.#maxMessageBytes),
    );
  }

  /**
   * Sends one instance or several in one request. The results are in the order of the instances, each with outputs or
   * an error of its own; for no instances there are no results, and no call. Instances are read before the first await, so their arrays may be reused at once.
   *
   * `infer<{ y: Tensor }>(…)` says what the outputs of the method are, for an editor and a compiler; nothing looks at that
   * when the program runs.
   * @throws InferError when an instance cannot be sent, the call failed or the reply cannot be read; ServingError
   * CONFIG_INVALID for options that make no sense
   */
  infer<Named extends NamedOutputs<Named> = Outputs>(
    instance: Instance,
    options?: InferOptions,
  ): Promise<[InferResult<Named>]>;
  infer<Named extends NamedOutputs<Named> = Outputs>(
    instances: Instance | readonly Instance[],
    options?: InferOptions,
  ): Promise<InferResult<Named>[]>;
  async infer(instances: Instance | readonly Instance[], options: InferOptions = {}): Promise<InferResult[]> {
    const target = this.#callTarget(predictPaths.predict, options);
    const list = isList(instances) ? instances : [instances];
    const count = list.length;
    if (count === 0) return [];
    const { reply, cancel } = startUnaryCall(target, encodeRequest(this.#target, list));
    const done = this.#whileRunning(cancel, options.signal);
    try {
      return decodeReply(await reply, count);
    } finally {
      done();
    }
  }

  /**
   * Sends one instance to a method that gives many responses to a request, and yields the outputs of each as it comes. The
   * call begins with the first `next`, and is cancelled when the loop is left early. Responses that are not asked for are
   * kept by the server up to a bound (READER_TOO_SLOW). Any other method gives one. The deadline is that of the whole call.
   *
   * `for await (const { text } of client.inferStream<{ text: string }>({ prompt }))` says what the outputs are, as with `infer`.
   * @throws InferError when the instance cannot be sent or fails, the call failed or a reply cannot be read; what was
   * yielded before stands. ServingError CONFIG_INVALID for options that make no sense
   */
  async *inferStream<Named extends NamedOutputs<Named> = Outputs>(
    instance: Instance,
    options: InferOptions = {},
  ): AsyncGenerator<Named, void, undefined> {
    const target = this.#callTarget(predictPaths.stream, options);
    const { replies, cancel } = startReplyStream(target, encodeRequest(this.#target, [instance]));
    const done = this.#whileRunning(cancel, options.signal);
    try {
      for await (const reply of replies) yield outputsOf(decodeReply(reply, 1)[0] as InferResult<Named>);
    } finally {
      done();
    }
  }

  /** Ends the connection. Calls in progress and later ones reject with CANCELLED; await the results you still want. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#running) cancel(cancelled('the client was closed'));
    this.#channel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @throws ServingError CONFIG_INVALID; InferError CANCELLED */
  #callTarget(path: string, options: InferOptions): CallTarget {
    checkKeys(options, ['signal', 'deadlineMs', 'priority']);
    const deadlineMs = checkDeadline(options.deadlineMs ?? this.#deadlineMs);
    const priority = checkPriority(options.priority);
    if (this.#isClosed) throw cancelled('the client is closed');
    if (options.signal?.aborted) throw cancelledByCaller(options.signal);
    const maxMessageBytes = this.#maxMessageBytes;
    return { channel: this.#channel, address: this.address, path, maxMessageBytes, deadlineMs, priority };
  }

  /** Has the call cancelled when the client is closed or the signal aborts, until the result is called. */
  #whileRunning(cancel: (why: InferError) => void, signal: AbortSignal | undefined): () => void {
    this.#running.add(cancel);
    const ignoreSignal = signal && this.#abortListeners.add(signal, () => cancel(cancelledByCaller(signal)));
    return () => {
      this.#running.delete(cancel);
      ignoreSignal?.();
    };
  }
}

function isList(instances: Instance | readonly Instance[]): instances is readonly Instance[] {
  return Array.isArray(instances);
}
