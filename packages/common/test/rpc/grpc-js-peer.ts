/** A server under test and a real grpc-js client beside it, both without messages of any type: bytes in, bytes out. */
import {
  Client,
  credentials,
  Metadata,
  type CallOptions,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { deferred } from '../deferred.js';
import type { ServingError } from '../../src/errors/serving-error.js';
import { createGrpcServer } from '../../src/rpc/grpc-server.js';
import type { RpcRoute, RpcServer, StreamHandler, UnaryHandler } from '../../src/rpc/rpc-handler.js';

export const path = '/test.Service/Method';

export interface UnaryAnswer {
  readonly error: ServiceError | undefined;
  readonly reply: Buffer | undefined;
  readonly trailers: Metadata;
}

export interface UnaryRequest {
  readonly message?: Uint8Array;
  readonly path?: string;
  readonly metadata?: Metadata;
  readonly options?: CallOptions;
}

const identity = (bytes: Buffer) => bytes;

export class Peer {
  /** Errors the server called internal. */
  readonly internal: ServingError[] = [];
  readonly server: RpcServer;
  address = '';
  #client: Client | undefined;

  constructor(routes: readonly RpcRoute[], address = '127.0.0.1:0', maxMessageBytes = 2 ** 20) {
    const onInternalError = (error: ServingError) => void this.internal.push(error);
    this.server = createGrpcServer({ address, maxMessageBytes, routes, onInternalError });
  }

  static async unary(handle: UnaryHandler, maxMessageBytes?: number): Promise<Peer> {
    return new Peer([{ kind: 'unary', path, handle }], undefined, maxMessageBytes).start();
  }

  static async stream(handle: StreamHandler, maxMessageBytes?: number): Promise<Peer> {
    return new Peer([{ kind: 'stream', path, handle }], undefined, maxMessageBytes).start();
  }

  async start(): Promise<this> {
    this.address = await this.server.start();
    return this;
  }

  get client(): Client {
    // A subchannel of its own: grpc-js shares connections of equal channels within a process.
    this.#client ??= new Client(this.address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    return this.#client;
  }

  /** Makes a unary call. */
  call(request: UnaryRequest = {}): Promise<UnaryAnswer> {
    return this.begin(request).answer;
  }

  /** Like `call`, with the way to cancel it. */
  begin(request: UnaryRequest): { answer: Promise<UnaryAnswer>; cancel: () => void } {
    const { message = new Uint8Array(0), metadata = new Metadata(), options = {} } = request;
    const outcome = deferred<Omit<UnaryAnswer, 'trailers'>>();
    const status = deferred<Metadata>();
    const call = this.client.makeUnaryRequest<Buffer, Buffer>(
      request.path ?? path,
      identity,
      identity,
      Buffer.from(message),
      metadata,
      options,
      (error, reply) => outcome.resolve({ error: error ?? undefined, reply }),
    );
    call.on('status', (ended) => status.resolve(ended.metadata));
    const answer = Promise.all([outcome.promise, status.promise]).then(([ended, trailers]) => ({
      ...ended,
      trailers,
    }));
    return { answer, cancel: () => call.cancel() };
  }

  open(options: CallOptions = {}): ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest<Buffer, Buffer>(
      path,
      identity,
      identity,
      new Metadata(),
      options,
    );
  }

  /** Closes the client and stops the server, by force where a call is still open. */
  async close(): Promise<void> {
    this.#client?.close();
    await this.server.stop(0);
  }
}
