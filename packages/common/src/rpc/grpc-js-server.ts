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
import { LinkedList } from '../collection/linked-list.js';
import { grpcStatus } from '../errors/error-codes.js';
import type { ServingError } from '../errors/serving-error.js';
import { cannotListen, prepareToListen } from './listen-failure.js';
import { longestTimeoutMs } from '../timing/clock.js';
import { GrpcJsCall, type CallContext, type EndableCall } from './grpc-js-call.js';
import { keepaliveOptions } from './keepalive.js';
import { GrpcJsStream } from './grpc-js-stream.js';
import { unfinishedLimits, UnfinishedRequests, type UnfinishedLimits } from './unfinished-requests.js';
import type { RpcResult, RpcRoute, RpcServer, StreamHandler, UnaryHandler } from './rpc-handler.js';

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

/** How a stream ends. */
type StreamEnd = Omit<RpcResult, 'body'>;

/** grpc-js copies messages with Buffer's own method, so other arrays get a view of theirs; the bytes are not copied here. */
const serialize = (bytes: Uint8Array) =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const deserialize = (bytes: Buffer): Uint8Array => bytes;

const unixScheme = 'unix:';

/** Time that the last statuses get to go out before connections are ended by force. */
const lingerMs = 100;
/** The units of a timeout in which its eight digits can exceed that. */
const longUnitsMs: Readonly<Record<string, number>> = { S: 1000, M: 60_000, H: 3_600_000 };
/** Calls in progress per connection; further ones wait at the client. */
const maxConcurrentStreams = 1024;
/** Connections to a server; further ones are closed at once. */
const maxConnections = 4096;
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
  const inProgress = new LinkedList<EndableCall>();
  for (const route of options.routes) {
    const isUnix = options.address.startsWith(unixScheme);
    const context = { path: route.path, isUnix, inProgress, onInternalError: options.onInternalError };
    if (!register(server, route, context)) throw new Error(`two handlers for ${route.path}`);
  }
  const unfinished = new UnfinishedRequests(
    options.unfinished ?? unfinishedLimits(options.maxMessageBytes),
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

const stopping: RpcResult = {
  status: grpcStatus.UNAVAILABLE,
  message: 'the server is stopping and the request was not finished in time',
  body: [],
};

/** False when there is a handler for the route's path already. */
function register(server: Server, route: RpcRoute, context: CallContext): boolean {
  const { path } = route;
  return route.kind === 'unary'
    ? server.register(path, unaryAdapter(context, route.handle), serialize, deserialize, 'unary')
    : server.register(path, streamAdapter(context, route.handle), serialize, deserialize, 'bidi');
}

async function bind(server: Server, address: string): Promise<string> {
  await prepareToListen(address);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(cannotListen(address, cause));
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

function stop(server: Server, inProgress: LinkedList<EndableCall>, graceMs: number): Promise<number> {
  return new Promise((resolve) => {
    let cutOff = 0;
    const force = () => {
      cutOff = inProgress.size;
      for (const call of inProgress.members()) call.end(stopping);
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

class UnaryCall extends GrpcJsCall {
  readonly #callback: sendUnaryData<Uint8Array>;

  constructor(
    context: CallContext,
    call: ServerUnaryCall<Uint8Array, Uint8Array>,
    callback: sendUnaryData<Uint8Array>,
  ) {
    super(context, call);
    this.#callback = callback;
  }

  protected send(result: RpcResult): void {
    if (result.status === grpcStatus.OK) this.#callback(null, joined(result.body), trailersOf(result));
    else this.#callback(statusOf(result));
  }
}

function unaryAdapter(context: CallContext, handle: UnaryHandler) {
  return (grpcCall: ServerUnaryCall<Uint8Array, Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
    const call = new UnaryCall(context, grpcCall, callback);
    try {
      const result = handle(call, grpcCall.request);
      if ('then' in result) {
        result.then(
          (given) => call.settle(given),
          (thrown: unknown) => call.fail(thrown),
        );
      } else {
        call.settle(result);
      }
    } catch (thrown) {
      call.fail(thrown);
    }
  };
}

function joined(body: readonly Uint8Array[]): Uint8Array {
  return body.length === 1 ? body[0]! : Buffer.concat(body);
}

function statusOf(result: StreamEnd) {
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

function trailersOf({ trailers }: StreamEnd): Metadata | undefined {
  if (trailers === undefined) return undefined;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return metadata;
}

class StreamCall extends GrpcJsCall<StreamEnd> {
  readonly #stream: ServerDuplexStream<Uint8Array, Uint8Array>;

  constructor(context: CallContext, stream: ServerDuplexStream<Uint8Array, Uint8Array>) {
    super(context, stream);
    this.#stream = stream;
  }

  protected send(result: StreamEnd): void {
    if (result.status === grpcStatus.OK) this.#stream.end(trailersOf(result));
    else this.#stream.emit('error', statusOf(result));
  }
}

function streamAdapter(context: CallContext, handle: StreamHandler) {
  return (stream: ServerDuplexStream<Uint8Array, Uint8Array>) => {
    // An 'error' event without a listener ends the process; the handler learns of it through its messages and sends.
    stream.on('error', () => undefined);
    const call = new StreamCall(context, stream);
    const run = async () => call.settle(await handle(call, new GrpcJsStream(stream)));
    run().catch((thrown: unknown) => call.fail(thrown));
  };
}
