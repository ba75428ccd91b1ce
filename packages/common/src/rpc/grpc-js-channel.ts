/** The calling side of the transport seam, implemented by @grpc/grpc-js. */
import {
  Client,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { grpcStatus } from '../errors/error-codes.js';
import { connectionFault } from './connection-fault.js';
import { keepaliveOptions } from './keepalive.js';
import { RpcError, type RpcChannel, type RpcClientStream } from './rpc-channel.js';

const serialize = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const deserialize = (bytes: Buffer): Uint8Array => bytes;

/** Keeps grpc-js from writing to standard error what its callers are told anyway; GRPC_VERBOSITY brings it back. */
export function silenceGrpcJs(): void {
  if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);
}

export interface GrpcJsChannelOptions {
  /** Largest message taken or sent, in bytes. */
  readonly maxMessageBytes: number;
  /** For how long the other side may leave pings unanswered, in milliseconds. @default for ever */
  readonly silenceMs?: number;
}

/** Connects to `host:port` or `unix:path` on the first call. Each channel has a connection of its own. */
export function createGrpcJsChannel(
  address: string,
  { maxMessageBytes, silenceMs }: GrpcJsChannelOptions,
): RpcChannel {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // Otherwise channels to one address share a connection, and data could hold up heartbeats.
    'grpc.use_local_subchannel_pool': 1,
    // Whoever calls decides when to try again; a channel's own back-off would only delay that.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    'grpc.enable_retries': 0,
    ...keepaliveOptions(silenceMs),
  });
  return {
    unary: (path, message, timeoutMs) => unary(client, path, message, timeoutMs),
    openStream: (path, headers = {}) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      return new GrpcJsClientStream(client.makeBidiStreamRequest(path, serialize, deserialize, metadata, {}));
    },
    close: () => client.close(),
  };
}

function unary(client: Client, path: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + timeoutMs };
    client.makeUnaryRequest(path, serialize, deserialize, message, options, (error, reply) => {
      if (error !== null) reject(asRpcError(error));
      else resolve(reply!);
    });
  });
}

function asRpcError(thrown: unknown): RpcError {
  const { code = grpcStatus.INTERNAL, details } = thrown as Partial<ServiceError>;
  return rpcError(code, details || (thrown instanceof Error ? thrown.message : String(thrown)));
}

function rpcError(code: number, details: string): RpcError {
  return new RpcError(code, connectionFault(details));
}

class GrpcJsClientStream implements RpcClientStream {
  readonly messages: AsyncIterable<Uint8Array>;
  readonly #call: ClientDuplexStream<Uint8Array, Uint8Array>;
  #error: RpcError | undefined;
  /** Sends that wait until the transport wants more. */
  #waiting: { readonly resolve: () => void; readonly reject: (error: RpcError) => void }[] = [];

  constructor(call: ClientDuplexStream<Uint8Array, Uint8Array>) {
    this.#call = call;
    this.messages = { [Symbol.asyncIterator]: () => this.#read() };
    // Without a listener an 'error' event ends the process.
    call.on('error', (error) => this.#end(asRpcError(error)));
    call.on('drain', () => {
      for (const { resolve } of this.#waiting.splice(0)) resolve();
    });
    call.on('status', ({ code, details }) => this.#end(rpcError(code, details)));
  }

  send(message: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#call.write(message)) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  halfClose(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  #end(error: RpcError): void {
    this.#error ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#error);
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#call as AsyncIterable<Uint8Array>;
    } catch (thrown) {
      throw asRpcError(thrown);
    }
    if (this.#error !== undefined && this.#error.status !== grpcStatus.OK) throw this.#error;
  }
}
