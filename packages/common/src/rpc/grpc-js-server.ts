/** The transport seam implemented by @grpc/grpc-js with identity (de)serialisers. */
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { grpcStatus } from '../errors/error-codes.js';
import { ServingError } from '../errors/serving-error.js';
import { Deadline } from '../timing/deadline.js';
import { systemClock } from '../timing/clock.js';
import type {
  RpcCall,
  RpcResult,
  RpcRoute,
  RpcServer,
  RpcStream,
  StreamHandler,
  UnaryHandler,
} from './rpc-handler.js';

export interface GrpcJsServerOptions {
  /** `host:port` or `unix:path`; port 0 takes a free one. */
  readonly address: string;
  /** Largest message taken or sent, in bytes. */
  readonly maxMessageBytes: number;
  readonly routes: readonly RpcRoute[];
  /** Told of a handler that threw something other than a ServingError. */
  readonly onInternalError: (error: ServingError) => void;
}

type GrpcCall = ServerUnaryCall<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>;

/** grpc-js copies messages with Buffer's own method, so a view of one is made for it; the bytes are not copied here. */
const serialize = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const deserialize = (bytes: Buffer): Uint8Array => bytes;

export function createGrpcJsServer(options: GrpcJsServerOptions): RpcServer {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': options.maxMessageBytes,
    // Two servers on one port must fail loudly instead of sharing its connections.
    'grpc.so_reuseport': 0,
  });
  for (const route of options.routes) {
    if (route.kind === 'unary') {
      server.register(
        route.path,
        unaryAdapter(route.path, route.handle, options.onInternalError),
        serialize,
        deserialize,
        'unary',
      );
    } else {
      server.register(
        route.path,
        streamAdapter(route.path, route.handle, options.onInternalError),
        serialize,
        deserialize,
        'bidi',
      );
    }
  }
  return { start: () => bind(server, options.address), stop: (graceMs) => stop(server, graceMs) };
}

function bind(server: Server, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null)
        return resolve(address.startsWith('unix:') ? address : address.replace(/:\d+$/, `:${port}`));
      const why = `cannot listen on ${address}: ${error.message}`;
      return reject(new ServingError('ADDRESS_UNAVAILABLE', why, { cause: error }));
    });
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

class GrpcJsCall implements RpcCall {
  readonly path: string;
  readonly deadline: Deadline;
  readonly #call: GrpcCall;
  #controller: AbortController | undefined;

  constructor(path: string, call: GrpcCall) {
    this.path = path;
    this.#call = call;
    const deadline = call.getDeadline();
    const at = deadline instanceof Date ? deadline.getTime() : deadline;
    this.deadline = Number.isFinite(at) ? Deadline.after(at - Date.now(), systemClock) : Deadline.none;
  }

  get peer(): string {
    return this.#call.getPeer();
  }

  readonly metadata = (name: string): string | undefined => {
    const value = this.#call.metadata.get(name)[0];
    return typeof value === 'string' ? value : value?.toString('utf8');
  };

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.#call.cancelled) controller.abort();
      else this.#call.once('cancelled', () => controller.abort());
    }
    return this.#controller.signal;
  }
}

function unaryAdapter(path: string, handle: UnaryHandler, onInternalError: (error: ServingError) => void) {
  return (call: ServerUnaryCall<Uint8Array, Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
    const settle = (result: RpcResult) => {
      if (result.status === grpcStatus.OK) callback(null, joined(result.body), trailersOf(result));
      else callback({ code: result.status, details: result.message ?? '', metadata: trailersOf(result) });
    };
    const fail = (thrown: unknown) => settle(resultOf(thrown, onInternalError));
    try {
      const result = handle(new GrpcJsCall(path, call), call.request);
      if (result instanceof Promise) result.then(settle, fail);
      else settle(result);
    } catch (thrown) {
      fail(thrown);
    }
  };
}

function joined(body: readonly Uint8Array[]): Uint8Array {
  return body.length === 1 ? body[0]! : Buffer.concat(body);
}

function resultOf(thrown: unknown, onInternalError: (error: ServingError) => void): RpcResult {
  const error = ServingError.from(thrown);
  if (error.code === 'INTERNAL') onInternalError(error);
  return { status: error.grpcStatus, message: error.message, body: [] };
}

function trailersOf(result: Omit<RpcResult, 'body'>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(result.trailers ?? {})) metadata.set(name, value);
  return metadata;
}

function streamAdapter(path: string, handle: StreamHandler, onInternalError: (error: ServingError) => void) {
  return (call: ServerDuplexStream<Uint8Array, Uint8Array>) => {
    // An 'error' event without a listener ends the process; the handler learns of it through its messages and sends.
    call.on('error', () => undefined);
    const settle = (result: Omit<RpcResult, 'body'>) => {
      if (result.status === grpcStatus.OK) call.end(trailersOf(result));
      else
        call.emit('error', {
          code: result.status,
          details: result.message ?? '',
          metadata: trailersOf(result),
        });
    };
    handle(new GrpcJsCall(path, call), new GrpcJsStream(call)).then(settle, (thrown) =>
      settle(resultOf(thrown, onInternalError)),
    );
  };
}

class GrpcJsStream implements RpcStream {
  readonly messages: AsyncIterable<Uint8Array>;
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;

  constructor(call: ServerDuplexStream<Uint8Array, Uint8Array>) {
    this.#call = call;
    this.messages = call;
  }

  send(message: Uint8Array): Promise<void> {
    const call = this.#call;
    if (call.cancelled || call.destroyed)
      return Promise.reject(new ServingError('CANCELLED', 'the stream is closed'));
    if (call.write(message)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settled = () => {
        call.off('drain', onDrain).off('cancelled', onClose).off('close', onClose);
      };
      const onDrain = () => {
        settled();
        resolve();
      };
      const onClose = () => {
        settled();
        reject(new ServingError('CANCELLED', 'the stream was closed by the other side'));
      };
      call.on('drain', onDrain).on('cancelled', onClose).on('close', onClose);
    });
  }
}
