/** `Client`: instances in, one result an instance out, over one gRPC channel. */
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { parseAddress } from '@serving/common';
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
import type { InferResult, NamedOutputs, Outputs } from './infer-result.js';
import type { Instance } from './values/input-value.js';
import { decodeReply } from './wire/decode-reply.js';
import { encodeRequest, type RequestTarget } from './wire/encode-request.js';
import { startUnaryCall, type CallTarget } from './wire/unary-call.js';

const path = '/mindspore.serving.proto.MSService/Predict';

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
    checkKeys(options, ['signal', 'deadlineMs', 'priority']);
    const deadlineMs = checkDeadline(options.deadlineMs ?? this.#deadlineMs);
    const { signal } = options;
    const priority = checkPriority(options.priority);
    if (this.#isClosed) throw cancelled('the client is closed');
    if (signal?.aborted) throw cancelledByCaller(signal);
    const list = isList(instances) ? instances : [instances];
    const count = list.length;
    if (count === 0) return [];
    const message = encodeRequest(this.#target, list);
    return decodeReply(await this.#call(message, { deadlineMs, priority }, signal), count);
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

  async #call(
    message: Uint8Array,
    terms: Pick<CallTarget, 'deadlineMs' | 'priority'>,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const maxMessageBytes = this.#maxMessageBytes;
    const target = { channel: this.#channel, address: this.address, path, maxMessageBytes, ...terms };
    const { reply, cancel } = startUnaryCall(target, message);
    this.#running.add(cancel);
    const ignoreSignal = signal && this.#abortListeners.add(signal, () => cancel(cancelledByCaller(signal)));
    try {
      return await reply;
    } finally {
      this.#running.delete(cancel);
      ignoreSignal?.();
    }
  }
}

function isList(instances: Instance | readonly Instance[]): instances is readonly Instance[] {
  return Array.isArray(instances);
}
