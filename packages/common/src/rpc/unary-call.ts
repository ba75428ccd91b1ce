/** One message in, one out. */
import { grpcStatus } from '../errors/error-codes.js';
import type { ServerStream } from '../http2/server-stream.js';
import { GrpcCall, type CallContext, type CallHeaders } from './grpc-call.js';
import { responseHeaders, trailersOf, trailersOnly } from './grpc-headers.js';
import type { Message } from './message-reader.js';
import type { RpcResult, UnaryHandler } from './rpc-handler.js';

export class UnaryCall extends GrpcCall {
  readonly #handle: UnaryHandler;
  #message: Message | undefined;

  constructor(context: CallContext, stream: ServerStream, headers: CallHeaders, handle: UnaryHandler) {
    super(context, stream, headers);
    this.#handle = handle;
  }

  get isIdle(): boolean {
    return false;
  }

  data(piece: Buffer): void {
    this.reader.push(piece);
    this.stream.consumed(piece.length);
  }

  message(message: Message): void {
    if (this.#message === undefined) this.#message = message;
    else this.fault(grpcStatus.UNIMPLEMENTED, 'expected one message, given several');
  }

  protected allReceived(): void {
    const message = this.#message;
    this.#message = undefined;
    if (message === undefined)
      return this.fault(grpcStatus.UNIMPLEMENTED, 'expected one message, given none');
    if (!message.isCompressed) return this.#run(message.bytes);
    void this.decompressed(message.bytes).then((bytes) => bytes && this.#run(bytes));
    return undefined;
  }

  #run(message: Uint8Array): void {
    this.unfinished.release();
    try {
      const result = this.#handle(this, message);
      if (!('then' in result)) return this.settle(result);
      result.then(
        (given) => this.settle(given),
        (thrown: unknown) => this.fail(thrown),
      );
    } catch (thrown) {
      this.fail(thrown);
    }
    return undefined;
  }

  protected conclude(result: RpcResult): void {
    const refused = result.status === grpcStatus.OK ? this.tooLarge(result.body) : result;
    if (refused !== undefined) return this.stream.respondAndEnd(trailersOnly(refused));
    const trailers = trailersOf(result);
    this.stream.respond(responseHeaders);
    this.writeMessage(result.body);
    return this.stream.end(trailers);
  }
}
