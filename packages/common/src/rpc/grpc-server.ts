/** The transport seam implemented over HTTP/2: a server of gRPC (grpc/grpc, doc/PROTOCOL-HTTP2.md). */
import { LinkedList } from '../collection/linked-list.js';
import { grpcStatus } from '../errors/error-codes.js';
import { ServingError } from '../errors/serving-error.js';
import { Http2Server } from '../http2/http2-server.js';
import { valueOf } from '../http2/request-headers.js';
import type { ServerStream } from '../http2/server-stream.js';
import { longestTimeoutMs } from '../timing/clock.js';
import type { CallContext, GrpcCall } from './grpc-call.js';
import { acceptedEncodings, decompressorOf } from './grpc-encoding.js';
import { timeoutMs, trailersOnly, wrongContentType, type RpcEnd } from './grpc-headers.js';
import { cannotListen, prepareToListen } from './listen-failure.js';
import type { RpcResult, RpcRoute, RpcServer } from './rpc-handler.js';
import { StreamCall } from './stream-call.js';
import { UnaryCall } from './unary-call.js';
import { unfinishedLimits, UnfinishedRequests, type UnfinishedLimits } from './unfinished-requests.js';

export interface GrpcServerOptions {
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

/** Time that the last statuses get to go out before connections are ended by force. */
const lingerMs = 100;

const stopping: RpcResult = {
  status: grpcStatus.UNAVAILABLE,
  message: 'the server is stopping and the request was not finished in time',
  body: [],
};

/** @throws Error for two handlers of one path */
export function createGrpcServer(options: GrpcServerOptions): RpcServer {
  const limits = options.unfinished ?? unfinishedLimits(options.maxMessageBytes);
  const context: CallContext = {
    maxMessageBytes: options.maxMessageBytes,
    inProgress: new LinkedList<GrpcCall>(),
    unfinished: new UnfinishedRequests(limits),
    onInternalError: options.onInternalError,
  };
  const routes = routesByPath(options.routes);
  const server = new Http2Server({
    address: options.address,
    silenceMs: options.silenceMs,
    greetingMs: limits.graceMs,
    handler: {
      request: (stream, isTooLarge) => openCall(context, routes, stream, isTooLarge),
      failed: (thrown) => options.onInternalError(ServingError.from(thrown)),
    },
  });
  return {
    start: () => start(server, options.address),
    stop: (graceMs) => stop(server, context.inProgress, graceMs),
  };
}

function routesByPath(routes: readonly RpcRoute[]): ReadonlyMap<string, RpcRoute> {
  const byPath = new Map<string, RpcRoute>();
  for (const route of routes) {
    if (byPath.has(route.path)) throw new Error(`two handlers for ${route.path}`);
    byPath.set(route.path, route);
  }
  return byPath;
}

async function start(server: Http2Server, address: string): Promise<string> {
  await prepareToListen(address);
  try {
    return await server.start();
  } catch (thrown) {
    throw cannotListen(address, thrown);
  }
}

/** Resolves when all connections have ended. */
async function stop(server: Http2Server, inProgress: LinkedList<GrpcCall>, graceMs: number): Promise<number> {
  let cutOff = 0;
  const force = () => {
    cutOff = inProgress.size;
    for (const call of inProgress.members()) call.cutOff(stopping);
    // The statuses go out first. A peer that neither reads nor closes keeps its socket; nobody waits for it.
    timer = setTimeout(() => server.destroy(), lingerMs);
  };
  let timer = setTimeout(force, Math.min(graceMs, longestTimeoutMs));
  await server.drain();
  clearTimeout(timer);
  return cutOff;
}

function openCall(
  context: CallContext,
  routes: ReadonlyMap<string, RpcRoute>,
  stream: ServerStream,
  isTooLarge: boolean,
): void {
  if (isTooLarge)
    return refuse(stream, grpcStatus.RESOURCE_EXHAUSTED, 'the headers of the request are too large');
  const { fields } = stream;
  const type = valueOf(fields, 'content-type');
  if (type?.startsWith('application/grpc') !== true) return stream.respondAndEnd(wrongContentType(type));
  const path = valueOf(fields, ':path')!;
  const route = routes.get(path);
  if (route === undefined)
    return refuse(stream, grpcStatus.UNIMPLEMENTED, `The server does not implement the method ${path}`);
  const timeout = valueOf(fields, 'grpc-timeout');
  const ms = timeoutMs(timeout);
  if (ms === undefined)
    return refuse(
      stream,
      grpcStatus.INTERNAL,
      `grpc-timeout: expected up to eight digits and one of H, M, S, m, u, n, given '${timeout}'`,
    );
  const encoding = valueOf(fields, 'grpc-encoding');
  const decompress = decompressorOf(encoding);
  if (decompress === 'unknown')
    return refuse(
      stream,
      grpcStatus.UNIMPLEMENTED,
      `messages are compressed by ${encoding}, expected one of: ${acceptedEncodings}`,
      { 'grpc-accept-encoding': acceptedEncodings },
    );
  const headers = { path, timeoutMs: ms, decompress };
  const call =
    route.kind === 'unary'
      ? new UnaryCall(context, stream, headers, route.handle)
      : new StreamCall(context, stream, headers, route.handle);
  return call.opened();
}

function refuse(stream: ServerStream, status: number, message: string, trailers?: RpcEnd['trailers']): void {
  stream.respondAndEnd(trailersOnly({ status, message, ...(trailers && { trailers }) }));
}
