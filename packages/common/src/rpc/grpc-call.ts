/** A call of gRPC on a stream of HTTP/2, as the transport seam has it, in progress until it is settled. */
import type { Linked, LinkedList } from '../collection/linked-list.js';
import { grpcStatus } from '../errors/error-codes.js';
import { ServingError } from '../errors/serving-error.js';
import { firstLine } from '../errors/thrown-text.js';
import { valueOf } from '../http2/request-headers.js';
import type { ServerStream } from '../http2/server-stream.js';
import type { StreamListener } from '../http2/stream-listener.js';
import { systemClock } from '../timing/clock.js';
import { Deadline } from '../timing/deadline.js';
import type { Decompress } from './grpc-encoding.js';
import { MessageReader, type Message, type MessageTaker } from './message-reader.js';
import { failedResult, type CancelSignal, type RpcCall, type RpcResult } from './rpc-handler.js';
import { UnfinishedRequest, type UnfinishedCall, type UnfinishedRequests } from './unfinished-requests.js';
import { UnsentReply } from './unsent-reply.js';

/** What calls of a server have in common. */
export interface CallContext {
  readonly maxMessageBytes: number;
  readonly inProgress: LinkedList<GrpcCall>;
  readonly unfinished: UnfinishedRequests;
  readonly onInternalError: (error: ServingError) => void;
}

/** What the headers of a call say of it. */
export interface CallHeaders {
  readonly path: string;
  /** Infinity for none. */
  readonly timeoutMs: number;
  readonly decompress: Decompress | undefined;
}

const prefixBytes = 5;

export abstract class GrpcCall
  implements RpcCall, CancelSignal, StreamListener, MessageTaker, UnfinishedCall, Linked<GrpcCall>
{
  previous: GrpcCall | undefined;
  next: GrpcCall | undefined;
  list: LinkedList<GrpcCall> | undefined;
  readonly path: string;
  readonly deadline: Deadline;
  protected readonly stream: ServerStream;
  protected readonly reader: MessageReader;
  protected readonly unfinished: UnfinishedRequest;
  readonly #context: CallContext;
  readonly #decompress: Decompress | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #isSettled = false;
  #isAborted = false;
  #onAbort: (() => void)[] | undefined;
  /** Once its handler is done, while not all was sent. */
  #reply: UnsentReply | undefined;

  constructor(context: CallContext, stream: ServerStream, { path, timeoutMs, decompress }: CallHeaders) {
    this.#context = context;
    this.path = path;
    this.stream = stream;
    this.#decompress = decompress;
    this.reader = new MessageReader(this, context.maxMessageBytes, decompress !== undefined);
    this.deadline = timeoutMs === Infinity ? Deadline.none : Deadline.after(timeoutMs, systemClock);
    if (timeoutMs !== Infinity)
      this.#timer = setTimeout(() => this.cutOff(expired), Math.ceil(timeoutMs)).unref();
    context.inProgress.add(this);
    let headerBytes = 0;
    for (const { name, value } of stream.fields) headerBytes += name.length + value.length;
    this.unfinished = new UnfinishedRequest(context.unfinished, this, headerBytes);
  }

  /** From here on it is told what becomes of its stream. */
  opened(): void {
    this.stream.listen(this);
    this.unfinished.refuseIfTooMany();
  }

  // What its handler sees:

  get peer(): string {
    return this.stream.peer;
  }

  metadata(name: string): string | undefined {
    return valueOf(this.stream.fields, name);
  }

  get signal(): CancelSignal {
    return this;
  }

  get aborted(): boolean {
    return this.#isAborted;
  }

  onAbort(listener: () => void): void {
    if (this.#isAborted) listener();
    else if (!this.#isSettled) (this.#onAbort ??= []).push(listener);
  }

  // What comes of the stream and of its messages:

  abstract data(piece: Buffer): void;
  abstract message(message: Message): void;
  abstract get isIdle(): boolean;
  /** The caller has sent all, in whole messages. */
  protected abstract allReceived(): void;

  end(): void {
    if (this.reader.isWithin) this.fault(grpcStatus.INTERNAL, 'the request ends in the middle of a message');
    else if (!this.#isSettled) this.allReceived();
  }

  /** Of a call that is settled: the stream is over. */
  drained(): void {
    this.#reply?.end();
  }

  broken(): void {
    this.#reply?.end();
    this.#abort();
    this.#release();
    this.#isSettled = true;
  }

  fault(status: number, message: string): void {
    this.cutOff({ status, message, body: [] });
  }

  charge(bytes: number): void {
    this.unfinished.charge(bytes);
  }

  begin(): void {
    // Of a unary call the time counts from its beginning.
  }

  complete(_bytes: number): void {
    // So do its bytes, until its handler has them.
  }

  refuse(why: string): void {
    this.fault(grpcStatus.RESOURCE_EXHAUSTED, why);
  }

  // How it ends:

  /** Ends the call from outside of its handler, which learns of it by its signal. */
  cutOff(result: RpcResult): void {
    if (this.#isSettled) return;
    this.#abort();
    this.settle(result);
  }

  #abort(): void {
    if (this.#isSettled || this.#isAborted) return;
    this.#isAborted = true;
    const listeners = this.#onAbort ?? [];
    this.#onAbort = undefined;
    for (const listener of listeners) this.#tell(listener);
  }

  /** One that throws must not keep the others from hearing, nor the call from ending. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (thrown) {
      this.#context.onInternalError(ServingError.from(thrown));
    }
  }

  #release(): void {
    clearTimeout(this.#timer);
    // What still comes of it is thrown away.
    this.reader.stop();
    this.#context.inProgress.delete(this);
    this.unfinished.release();
    this.#onAbort = undefined;
  }

  /** Sends what the handler gives, unless the call has ended before. */
  protected settle(result: RpcResult): void {
    if (this.#isSettled) return;
    // From here on the signal stays as it is.
    this.#isSettled = true;
    this.#release();
    try {
      this.conclude(result);
    } catch (thrown) {
      this.conclude(this.#resultOf(thrown));
    }
    if (!this.stream.isOver) this.#reply = new UnsentReply(this.#context.unfinished, this.stream);
  }

  protected fail(thrown: unknown): void {
    this.settle(this.#resultOf(thrown));
  }

  protected get isSettled(): boolean {
    return this.#isSettled;
  }

  /** @throws what is wrong with the result, before anything is sent */
  protected abstract conclude(result: RpcResult): void;

  #resultOf(thrown: unknown): RpcResult {
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL') this.#context.onInternalError(error);
    return { ...failedResult(error), body: [] };
  }

  /** Why a message of these pieces is not sent; undefined when it may be. */
  protected tooLarge(body: readonly Uint8Array[]): RpcResult | undefined {
    const [length, most] = [lengthOf(body), this.#context.maxMessageBytes];
    if (length <= most) return undefined;
    const message = `the reply has ${length} bytes, and messages have at most ${most}`;
    return { status: grpcStatus.RESOURCE_EXHAUSTED, message, body: [] };
  }

  /** The message; undefined when the call has ended before. */
  protected async decompressed(message: Uint8Array): Promise<Uint8Array | undefined> {
    const most = this.#context.maxMessageBytes;
    let length = 0;
    const goesOn = (more: number) => {
      length += more;
      // The words of gRPC's own libraries.
      const tooLarge = `Received message larger than max (once decompressed; ${most} bytes)`;
      if (length > most) this.fault(grpcStatus.RESOURCE_EXHAUSTED, tooLarge);
      else this.charge(more);
      return !this.#isSettled;
    };
    try {
      const bytes = await this.#decompress!(message, goesOn);
      return this.#isSettled ? undefined : bytes;
    } catch (thrown) {
      this.fault(grpcStatus.INTERNAL, `a message cannot be decompressed: ${firstLine(thrown)}`);
      return undefined;
    }
  }

  protected writeMessage(body: readonly Uint8Array[]): void {
    const length = lengthOf(body);
    const prefix = Buffer.allocUnsafe(prefixBytes);
    prefix[0] = 0;
    prefix.writeUInt32BE(length, 1);
    this.stream.write([prefix, ...body]);
  }
}

function lengthOf(body: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of body) length += piece.length;
  return length;
}

const expired: RpcResult = { status: grpcStatus.DEADLINE_EXCEEDED, message: 'Deadline exceeded', body: [] };
