/** The HTTP port, by fastify: it routes paths and keeps connections; bodies, replies and errors are the protocols'. */
import {
  cannotListen,
  LinkedList,
  longestTimeoutMs,
  prepareToListen,
  ServingError,
  systemClock,
  unfinishedLimits,
  type Clock,
  type RpcServer,
  type UnfinishedLimits,
} from '@serving/common';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { BodyReader } from './body-reader.js';
import { onClientError } from './client-error.js';
import {
  headersTimeoutMs,
  keepAliveMs,
  lateCheckMs,
  maxConnections,
  maxHeaderBytes,
} from './connection-limits.js';
import { HttpExchange, type ExchangeContext } from './http-exchange.js';
import type { HttpRoute } from './http-handler.js';
import { SliceLoop } from '../slices/slice-loop.js';
import { ReadingTurns } from './reading-turns.js';
import { StallWatch } from './stall-watch.js';

export interface HttpServerOptions {
  /** `host:port` or `unix:path`; port 0 takes a free one. */
  readonly address: string;
  /** Largest body taken, in bytes, compressed or not. */
  readonly maxMessageBytes: number;
  readonly routes: readonly HttpRoute[];
  /** Answers paths that no route has. */
  readonly fallback: HttpRoute;
  /** Told of a handler that threw something other than a ServingError. */
  readonly onInternalError: (error: ServingError) => void;
  /** What requests that are still on their way may take. @default four of the largest bodies, a minute */
  readonly unfinished?: UnfinishedLimits;
  readonly clock?: Clock;
}

/** Time that the last replies get to go out before connections are ended by force. */
const lingerMs = 100;

export interface HttpServer extends RpcServer {
  /**
   * Takes no new requests, and says so to whoever asks, until those in progress are answered and `others` has settled: a
   * port that were closed at once could tell no probe why. After `graceMs` it ends what is left. Resolves with the number of
   * those.
   */
  stop(graceMs: number, others?: Promise<unknown>): Promise<number>;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { clock = systemClock, routes, fallback, onInternalError } = options;
  const limits = options.unfinished ?? unfinishedLimits(options.maxMessageBytes);
  const watch = new StallWatch(limits.graceMs, clock);
  const inProgress = new LinkedList<HttpExchange>();
  const unsent = new Set<HttpExchange>();
  let isStopping = false;
  let wake = () => undefined as void;
  const context: ExchangeContext = {
    bodies: new BodyReader({ maxBytes: options.maxMessageBytes, maxTotalBytes: limits.maxBytes }, watch),
    turns: new ReadingTurns(),
    slices: new SliceLoop(clock),
    watch,
    inProgress,
    unsent,
    isStopping: () => isStopping,
    onLeft: () => {
      if (inProgress.size + unsent.size === 0) wake();
    },
    onInternalError,
  };
  const server = createFastify(context, routes, fallback);
  return {
    start: () => listen(server, options.address),
    stop: (graceMs, others = Promise.resolve()) => {
      isStopping = true;
      const allLeft = async () => {
        await others;
        while (inProgress.size + unsent.size > 0) await new Promise<void>((resolve) => (wake = resolve));
      };
      return stop(server, context, graceMs, allLeft());
    },
  };
}

function createFastify(
  context: ExchangeContext,
  routes: readonly HttpRoute[],
  fallback: HttpRoute,
): FastifyInstance {
  const server = fastify({
    logger: false,
    keepAliveTimeout: keepAliveMs,
    // Uploads are watched by their own rule, which knows how much has arrived.
    requestTimeout: 0,
    return503OnClosing: false,
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: lateCheckMs,
      maxHeaderSize: maxHeaderBytes,
    },
    routerOptions: { maxParamLength: maxHeaderBytes },
    clientErrorHandler: (error, socket) => {
      const earlier = [...context.inProgress.members()].filter((exchange) => exchange.isWholeOf(socket));
      const answer = () => onClientError(error, socket);
      // It would be taken for the reply to a request before it.
      if (earlier.length > 0) earlier.at(-1)!.onClosed(answer);
      else answer();
    },
    frameworkErrors: (error, request, reply) => {
      const route = nearestRoute(routes, fallback, request.raw.url ?? '');
      const given = new ServingError(
        'BAD_REQUEST',
        `path: expected one that is percent-encoded, given ${error.message}`,
      );
      void new HttpExchange(context, route, request, reply).fail(given);
    },
  });
  server.server.maxConnections = maxConnections;
  // Whatever it is said to be, a body is the protocol's to read.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const serve = (route: HttpRoute) => (request: FastifyRequest, reply: FastifyReply) => {
    void new HttpExchange(context, route, request, reply).run();
  };
  for (const route of routes) {
    server.all(route.path, {
      handler: serve(route),
      // A content type that is none.
      errorHandler: (_error, request, reply) => serve(route)(request, reply),
    });
  }
  server.setNotFoundHandler(serve(fallback));
  server.setErrorHandler((_error, request, reply) => serve(fallback)(request, reply));
  return server;
}

/** The route that speaks the protocol of such a path, by its first segment. */
function nearestRoute(routes: readonly HttpRoute[], fallback: HttpRoute, url: string): HttpRoute {
  const segment = (path: string) => path.split(/[/?]/, 2)[1];
  return routes.find(({ path }) => segment(path) === segment(url)) ?? fallback;
}

async function listen(server: FastifyInstance, address: string): Promise<string> {
  await prepareToListen(address);
  const isUnix = address.startsWith('unix:');
  const colon = address.lastIndexOf(':');
  try {
    if (isUnix) {
      await server.listen({ path: address.slice('unix:'.length) });
      return address;
    }
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    await server.listen({ host, port: Number(address.slice(colon + 1)) });
  } catch (thrown) {
    throw cannotListen(address, thrown);
  }
  const bound = server.server.address();
  const port = typeof bound === 'object' ? bound?.port : undefined;
  return `${address.slice(0, colon)}:${port}`;
}

async function stop(
  server: FastifyInstance,
  { inProgress, unsent }: ExchangeContext,
  graceMs: number,
  allLeft: Promise<void>,
): Promise<number> {
  await within(allLeft, graceMs);
  const cutOff = inProgress.size + unsent.size;
  // To Node a connection is idle as soon as its reply has been written, on its way or not.
  const closed = server.close();
  const error = new ServingError(
    'NO_REPLICA',
    'the server is stopping and the request was not finished in time',
  );
  await Promise.all([...inProgress.members()].map((exchange) => exchange.end(error)));
  // The replies to those get that long to go out.
  await within(closed, lingerMs);
  server.server.closeAllConnections();
  await closed;
  return cutOff;
}

/** Waits for it, but no longer than so long. */
async function within(happened: PromiseLike<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, longestTimeoutMs));
  });
  await Promise.race([happened, late]);
  clearTimeout(timer);
}
