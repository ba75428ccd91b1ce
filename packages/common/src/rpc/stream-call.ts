/** Any number of messages in and out. */
import { Fifo } from '../collection/fifo.js';
import { grpcStatus } from '../errors/error-codes.js';
import { ServingError } from '../errors/serving-error.js';
import type { ServerStream } from '../http2/server-stream.js';
import { GrpcCall, type CallContext, type CallHeaders } from './grpc-call.js';
import { responseHeaders, trailersOf, trailersOnly } from './grpc-headers.js';
import type { Message } from './message-reader.js';
import type { RpcResult, RpcStream, StreamHandler } from './rpc-handler.js';

/** Messages that nobody has read may take so many bytes; beyond, the caller's window stays closed. */
const mostUnreadBytes = 2 ** 20;
/** About what a message takes beside its bytes. */
const messageBytes = 128;
/** Beyond so many bytes that the connection has not taken, sends wait. */
const mostUnsentBytes = 2 ** 16;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: ServingError) => void;
}

export class StreamCall extends GrpcCall implements RpcStream {
  readonly messages: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => this.#read() };
  readonly #handle: StreamHandler;
  /** As they came: what is compressed stays so until it is read. */
  readonly #unread = new Fifo<Message>();
  #unreadBytes = 0;
  /** Bytes that were received and for which no room was made. */
  #withheld = 0;
  #isAllReceived = false;
  #isBroken = false;
  #wakeReader: () => void = () => undefined;
  #hasResponded = false;
  #waiting: Waiting[] = [];

  constructor(context: CallContext, stream: ServerStream, headers: CallHeaders, handle: StreamHandler) {
    super(context, stream, headers);
    this.#handle = handle;
  }

  override opened(): void {
    super.opened();
    if (this.isSettled) return;
    const run = async () => this.settle({ ...(await this.#handle(this, this)), body: [] });
    run().catch((thrown: unknown) => this.fail(thrown));
  }

  get isIdle(): boolean {
    return !this.reader.isWithin || this.#withheld > 0;
  }

  data(piece: Buffer): void {
    this.reader.push(piece);
    this.#withheld += piece.length;
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (this.#unreadBytes > mostUnreadBytes || this.#withheld === 0) return;
    const bytes = this.#withheld;
    this.#withheld = 0;
    this.stream.consumed(bytes);
  }

  override begin(): void {
    this.unfinished.begin();
  }

  /** From here on the message is its reader's. */
  override complete(bytes: number): void {
    this.unfinished.discharge(bytes);
  }

  message(message: Message): void {
    this.#unread.add(message);
    this.#unreadBytes += messageBytes + message.bytes.length;
    this.#wakeReader();
  }

  protected allReceived(): void {
    this.#isAllReceived = true;
    this.#wakeReader();
  }

  override broken(): void {
    super.broken();
    this.#break();
  }

  override cutOff(result: RpcResult): void {
    if (this.isSettled) return;
    super.cutOff(result);
    this.#break();
  }

  #break(): void {
    this.#isBroken = true;
    this.#unread.clear();
    this.#unreadBytes = 0;
    this.#wakeReader();
    for (const { reject } of this.#waiting.splice(0)) reject(closedByPeer());
  }

  override drained(): void {
    super.drained();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const message = this.#unread.take();
      if (message !== undefined) {
        this.#unreadBytes -= messageBytes + message.bytes.length;
        this.#makeRoom();
        const bytes = message.isCompressed ? await this.#decompressed(message.bytes) : message.bytes;
        if (bytes !== undefined) yield bytes;
      } else if (this.#isBroken) throw closedByPeer();
      else if (this.#isAllReceived) return;
      else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  async #decompressed(message: Uint8Array): Promise<Uint8Array | undefined> {
    const bytes = await this.decompressed(message);
    if (bytes !== undefined) this.unfinished.discharge(bytes.length);
    return bytes;
  }

  send(message: Uint8Array): Promise<void> {
    if (this.isSettled || this.#isBroken)
      return Promise.reject(new ServingError('CANCELLED', 'the stream is closed'));
    const refused = this.tooLarge([message]);
    if (refused !== undefined) {
      this.cutOff(refused);
      return Promise.reject(new ServingError('CANCELLED', refused.message!));
    }
    this.#respond();
    this.writeMessage([message]);
    if (this.stream.unsentBytes <= mostUnsentBytes) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #respond(): void {
    if (this.#hasResponded) return;
    this.#hasResponded = true;
    this.stream.respond(responseHeaders);
  }

  protected conclude(result: RpcResult): void {
    if (!this.#hasResponded && result.status !== grpcStatus.OK)
      return this.stream.respondAndEnd(trailersOnly(result));
    const trailers = trailersOf(result);
    this.#respond();
    return this.stream.end(trailers);
  }
}

/** A caller that goes away is no fault of the server: it must not be reported as one. */
function closedByPeer(): ServingError {
  return new ServingError('CANCELLED', 'the stream was closed by the other side');
}
