/** The transport seam implemented by @grpc/grpc-js with identity (de)serialisers. */
import {
  logVerbosity,
  Metadata,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Server as NetServer } from 'node:net';
import { grpcStatus } from '../errors/error-codes.js';
import { firstLine, ServingError } from '../errors/serving-error.js';
import { Deadline } from '../timing/deadline.js';
import { systemClock } from '../timing/clock.js';
import { listenFailure, socketFolderFailure } from './listen-failure.js';
import { keepaliveOptions } from './keepalive.js';
import { GrpcJsStream } from './grpc-js-stream.js';
import { removeStaleSocket } from './stale-socket.js';
import { UnfinishedRequests, type UnfinishedLimits } from './unfinished-requests.js';
import type {
  CancelSignal,
  RpcCall,
  RpcResult,
  RpcRoute,
  RpcServer,
  StreamHandler,
  UnaryHandler,
} from './rpc-handler.js';

/** Keeps grpc-js from writing to standard error what its callers are told anyway; GRPC_VERBOSITY brings it back. */
export function silenceGrpcJs(): void {
  if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);
}

export interface GrpcJsServerOptions {
  /** `host:port` or `unix:path`; port 0 takes a free one. */
  readonly address: string;
  /** Largest message taken or sent, in bytes. */
  readonly maxMessageBytes: number;
  readonly routes: readonly RpcRoute[];
  /** Told of a handler that threw something other than a ServingError. */
  readonly onInternalError: (error: ServingError) => void;
  /** What requests that are still on their way may take. @default four of the largest messages, a minute */
  readonly unfinished?: UnfinishedLimits;
  /** For how long a caller may leave pings unanswered, in milliseconds. @default for ever */
  readonly silenceMs?: number;
}

type GrpcCall = ServerUnaryCall<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>;

/** grpc-js copies messages with Buffer's own method, so a view of one is made for it; the bytes are not copied here. */
const serialize = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const deserialize = (bytes: Buffer): Uint8Array => bytes;

const unixScheme = 'unix:';

/** Time that the last statuses get to go out before connections are ended by force. */
const lingerMs = 100;
/** setTimeout fires at once above this. */
const longestTimeoutMs = 2 ** 31 - 1;
/** The units of a timeout in which its eight digits can exceed that. */
const longUnitsMs: Readonly<Record<string, number>> = { S: 1000, M: 60_000, H: 3_600_000 };
/** Calls in progress per connection; further ones wait at the client. */
const maxConcurrentStreams = 1024;
/** Connections to a server; further ones are closed at once. */
const maxConnections = 4096;
/** Requests on their way: at least this many bytes, and as many of the largest messages. */
const leastUnfinishedBytes = 256 * 2 ** 20;
const unfinishedMessages = 4;
const unfinishedGraceMs = 60_000;
/** Clients refuse headers of more than 8 KiB in all; the longest message leaves room for others. */
const maxStatusMessageBytes = 4096;

/**
 * Channelz stays on although nothing here reads it: without it grpc-js knows no sessions, so that forceShutdown ends
 * none, and hears no errors of streams.
 */
export function createGrpcJsServer(options: GrpcJsServerOptions): RpcServer {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': options.maxMessageBytes,
    // Two servers on one port must fail loudly instead of sharing its connections.
    'grpc.so_reuseport': 0,
    'grpc.max_concurrent_streams': maxConcurrentStreams,
    ...keepaliveOptions(options.silenceMs),
  });
  const inProgress: InProgress = new Set();
  for (const route of options.routes) {
    if (!register(server, route, inProgress, options.onInternalError))
      throw new Error(`two handlers for ${route.path}`);
  }
  const unfinished = new UnfinishedRequests(
    options.unfinished ?? {
      maxBytes: Math.max(leastUnfinishedBytes, unfinishedMessages * options.maxMessageBytes),
      graceMs: unfinishedGraceMs,
    },
    options.routes,
  );
  return {
    async start() {
      const address = await bind(server, options.address);
      for (const http2Server of http2ServersOf(server)) {
        http2Server.maxConnections = maxConnections;
        http2Server.prependListener('stream', forgetEndlessTimeout);
        unfinished.watch(http2Server);
      }
      return address;
    },
    stop: (graceMs) => stop(server, inProgress, graceMs),
  };
}

/** The servers that grpc-js listens with; it offers no other way to what is below its messages. */
function http2ServersOf(server: Server): Iterable<NetServer> {
  return (server as unknown as { http2Servers: Map<NetServer, unknown> }).http2Servers.keys();
}

/** grpc-js counts milliseconds in 32 bits: above 2^31 a call would fail at once, or at any time. */
function forgetEndlessTimeout(_stream: unknown, headers: IncomingHttpHeaders): void {
  const timeout = headers['grpc-timeout'];
  if (typeof timeout !== 'string') return;
  const unitMs = longUnitsMs[timeout.at(-1)!];
  if (unitMs !== undefined && Number.parseInt(timeout, 10) * unitMs > longestTimeoutMs)
    delete headers['grpc-timeout'];
}

/** Calls in progress: each ends one from outside of its handler, which learns of it by its signal. */
type InProgress = Set<(result: RpcResult) => void>;

const stopping: RpcResult = {
  status: grpcStatus.UNAVAILABLE,
  message: 'the server is stopping and the request was not finished in time',
  body: [],
};

/** False when there is a handler for the route's path already. */
function register(
  server: Server,
  route: RpcRoute,
  inProgress: InProgress,
  onInternalError: (error: ServingError) => void,
): boolean {
  const { path } = route;
  return route.kind === 'unary'
    ? server.register(
        path,
        unaryAdapter(path, route.handle, inProgress, onInternalError),
        serialize,
        deserialize,
        'unary',
      )
    : server.register(
        path,
        streamAdapter(path, route.handle, inProgress, onInternalError),
        serialize,
        deserialize,
        'bidi',
      );
}

async function bind(server: Server, address: string): Promise<string> {
  if (address.startsWith(unixScheme)) await prepareSocket(address, address.slice(unixScheme.length));
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(cannotListen(address, listenFailure(cause), cause));
    try {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) fail(error);
        else resolve(address.startsWith(unixScheme) ? address : address.replace(/:\d+$/, `:${port}`));
      });
    } catch (thrown) {
      // An address without a scheme that grpc-js knows, or a server that was stopped already.
      fail(thrown);
    }
  });
}

async function prepareSocket(address: string, path: string): Promise<void> {
  const failure = socketFolderFailure(path);
  if (failure !== undefined) throw cannotListen(address, failure);
  try {
    await removeStaleSocket(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? firstLine(cause);
    throw cannotListen(address, `${code}: the socket of a server that is gone cannot be removed`, cause);
  }
}

function cannotListen(address: string, why: string, cause?: unknown): ServingError {
  return new ServingError('ADDRESS_UNAVAILABLE', `cannot listen on ${address}: ${why}`, { cause });
}

function stop(server: Server, inProgress: InProgress, graceMs: number): Promise<number> {
  return new Promise((resolve) => {
    let cutOff = 0;
    const force = () => {
      cutOff = inProgress.size;
      for (const end of inProgress) end(stopping);
      // The statuses go out first. A peer that neither reads nor closes keeps its socket; nobody waits for it.
      timer = setTimeout(() => {
        server.forceShutdown();
        resolve(cutOff);
      }, lingerMs);
    };
    let timer = setTimeout(force, Math.min(graceMs, longestTimeoutMs));
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve(cutOff);
    });
  });
}

class GrpcJsCall implements RpcCall, CancelSignal {
  readonly path: string;
  readonly deadline: Deadline;
  readonly #call: GrpcCall;
  /** Whether the signal had aborted when the handler was done. */
  #settledAs: boolean | undefined;
  #listeners: (() => void)[] | undefined;

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

  get signal(): CancelSignal {
    return this;
  }

  get aborted(): boolean {
    return this.#settledAs ?? this.#call.cancelled;
  }

  onAbort(listener: () => void): void {
    if (this.aborted) return listener();
    if (this.#listeners === undefined) {
      this.#listeners = [];
      // One listener however many there are here, since Node warns of more than ten.
      this.#call.once('cancelled', () => this.#abort());
    }
    this.#listeners.push(listener);
    return undefined;
  }

  /** The call is ended from outside of its handler. */
  abort(): void {
    if (this.#settledAs !== undefined) return;
    this.#settledAs = true;
    for (const listener of this.#listeners ?? []) listener();
    this.#listeners = undefined;
  }

  #abort(): void {
    // grpc-js reports the end of every call as cancelled, answered ones included.
    if (this.#settledAs !== undefined) return;
    for (const listener of this.#listeners ?? []) listener();
  }

  /** The handler is done: from here on the signal stays as it is. */
  settle(): void {
    this.#settledAs ??= this.#call.cancelled;
  }
}

/** Takes the call into those in progress; the result sends what its handler gives, unless a stop has ended it before. */
function settling<Result extends Omit<RpcResult, 'body'>>(
  rpcCall: GrpcJsCall,
  send: (result: Result | RpcResult) => void,
  inProgress: InProgress,
  onInternalError: (error: ServingError) => void,
): (result: Result | RpcResult) => void {
  const settle = (result: Result | RpcResult) => {
    if (!inProgress.delete(end)) return;
    rpcCall.settle();
    try {
      send(result);
    } catch (thrown) {
      send(resultOf(thrown, onInternalError));
    }
  };
  const end = (result: RpcResult) => {
    rpcCall.abort();
    settle(result);
  };
  inProgress.add(end);
  return settle;
}

function unaryAdapter(
  path: string,
  handle: UnaryHandler,
  inProgress: InProgress,
  onInternalError: (error: ServingError) => void,
) {
  return (call: ServerUnaryCall<Uint8Array, Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
    const rpcCall = new GrpcJsCall(path, call);
    const send = (result: RpcResult) => {
      if (result.status === grpcStatus.OK) callback(null, joined(result.body), trailersOf(result));
      else callback(statusOf(result));
    };
    const settle = settling(rpcCall, send, inProgress, onInternalError);
    const fail = (thrown: unknown) => settle(resultOf(thrown, onInternalError));
    try {
      const result = handle(rpcCall, call.request);
      if ('then' in result) result.then(settle, fail);
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

function statusOf(result: Omit<RpcResult, 'body'>) {
  return { code: result.status, details: headerText(result.message ?? ''), metadata: trailersOf(result) };
}

/** The text as a header can carry it: well-formed, since encodeURI throws otherwise, and of bounded length. */
function headerText(text: string): string {
  const wellFormed = Buffer.from(text, 'utf8').toString('utf8');
  let shown = '';
  let bytes = 0;
  for (const character of wellFormed) {
    bytes += encodeURI(character).length;
    if (bytes > maxStatusMessageBytes) return `${shown}…`;
    shown += character;
  }
  return shown;
}

function trailersOf({ trailers }: Omit<RpcResult, 'body'>): Metadata | undefined {
  if (trailers === undefined) return undefined;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return metadata;
}

function streamAdapter(
  path: string,
  handle: StreamHandler,
  inProgress: InProgress,
  onInternalError: (error: ServingError) => void,
) {
  return (call: ServerDuplexStream<Uint8Array, Uint8Array>) => {
    // An 'error' event without a listener ends the process; the handler learns of it through its messages and sends.
    call.on('error', () => undefined);
    const rpcCall = new GrpcJsCall(path, call);
    const send = (result: Omit<RpcResult, 'body'>) => {
      if (result.status === grpcStatus.OK) call.end(trailersOf(result));
      else call.emit('error', statusOf(result));
    };
    const settle = settling(rpcCall, send, inProgress, onInternalError);
    const run = async () => settle(await handle(rpcCall, new GrpcJsStream(call)));
    run().catch((thrown: unknown) => settle(resultOf(thrown, onInternalError)));
  };
}
