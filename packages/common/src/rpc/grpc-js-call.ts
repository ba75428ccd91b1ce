/** A call as @grpc/grpc-js has it, as the transport seam has it, among those in progress until it is settled. */
import type { ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import type { Linked, LinkedList } from '../collection/linked-list.js';
import { ServingError } from '../errors/serving-error.js';
import { systemClock } from '../timing/clock.js';
import { Deadline } from '../timing/deadline.js';
import { failedResult, type CancelSignal, type RpcCall, type RpcResult } from './rpc-handler.js';

type GrpcCall = ServerUnaryCall<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>;

/** What calls of a server have in common. */
export interface CallContext {
  readonly path: string;
  /** Callers come by a unix socket. */
  readonly isUnix: boolean;
  readonly inProgress: LinkedList<EndableCall>;
  readonly onInternalError: (error: ServingError) => void;
}

export interface EndableCall extends Linked<EndableCall> {
  /** Ends the call from outside of its handler, which learns of it by its signal. */
  end(result: RpcResult): void;
}

export abstract class GrpcJsCall<Result = RpcResult> implements RpcCall, CancelSignal, EndableCall {
  previous: EndableCall | undefined;
  next: EndableCall | undefined;
  list: LinkedList<EndableCall> | undefined;
  readonly deadline: Deadline;
  readonly #context: CallContext;
  readonly #call: GrpcCall;
  /** Whether the signal had aborted when the handler was done. */
  #settledAs: boolean | undefined;
  #onAbort: (() => void)[] | undefined;

  constructor(context: CallContext, call: GrpcCall) {
    this.#context = context;
    this.#call = call;
    const deadline = call.getDeadline();
    const at = deadline instanceof Date ? deadline.getTime() : deadline;
    this.deadline = Number.isFinite(at) ? Deadline.after(at - Date.now(), systemClock) : Deadline.none;
    context.inProgress.add(this);
  }

  get path(): string {
    return this.#context.path;
  }

  get peer(): string {
    const peer = this.#call.getPeer();
    // What grpc-js says of a unix socket.
    return this.#context.isUnix && peer === 'unknown' ? 'unix' : peer;
  }

  metadata(name: string): string | undefined {
    const value = this.#call.metadata.get(name)[0];
    return typeof value === 'string' ? value : value?.toString('utf8');
  }

  get signal(): CancelSignal {
    return this;
  }

  get aborted(): boolean {
    return this.#settledAs ?? this.#call.cancelled;
  }

  onAbort(listener: () => void): void {
    if (this.aborted) return listener();
    if (this.#onAbort === undefined) {
      this.#onAbort = [listener];
      // One listener however many there are here, since Node warns of more than ten. grpc-js reports the end of every
      // call as cancelled, answered ones included.
      this.#call.on('cancelled', () => {
        if (this.#settledAs === undefined) this.#abort();
      });
    } else {
      this.#onAbort.push(listener);
    }
    return undefined;
  }

  #abort(): void {
    const listeners = this.#onAbort ?? [];
    this.#onAbort = undefined;
    for (const listener of listeners) listener();
  }

  /** Sends what the handler gives, unless a stop has ended the call before. */
  settle(result: Result | RpcResult): void {
    if (!this.#context.inProgress.delete(this)) return;
    // From here on the signal stays as it is.
    this.#settledAs ??= this.#call.cancelled;
    this.#onAbort = undefined;
    try {
      this.send(result);
    } catch (thrown) {
      this.send(this.#resultOf(thrown));
    }
  }

  fail(thrown: unknown): void {
    this.settle(this.#resultOf(thrown));
  }

  end(result: RpcResult): void {
    if (this.#settledAs === undefined) {
      this.#settledAs = true;
      this.#abort();
    }
    this.settle(result);
  }

  protected abstract send(result: Result | RpcResult): void;

  #resultOf(thrown: unknown): RpcResult {
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL') this.#context.onInternalError(error);
    return { ...failedResult(error), body: [] };
  }
}
