/** A request and its reply as fastify has them, as the seam has them; among those in progress until it is answered. */
import {
  Deadline,
  ServingError,
  shortened,
  type CancelSignal,
  type Linked,
  type LinkedList,
} from '@serving/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BodyReader, ReceivedBody } from './body-reader.js';
import { compress, replyCoding } from './content-coding.js';
import {
  jsonType,
  type HttpCall,
  type HttpHandler,
  type HttpResult,
  type HttpRoute,
  type Verb,
} from './http-handler.js';
import type { SliceLoop } from '../slices/slice-loop.js';
import { joined, type Slices } from '../slices/slices.js';
import type { ReadingTurns } from './reading-turns.js';
import type { StallWatch } from './stall-watch.js';
import { UnreadReply, UnwantedUpload } from './stalled-connection.js';

/** What exchanges of a server have in common. */
export interface ExchangeContext {
  readonly bodies: BodyReader;
  readonly turns: ReadingTurns;
  readonly slices: SliceLoop;
  readonly watch: StallWatch;
  readonly inProgress: LinkedList<HttpExchange>;
  /** Those whose reply is on its way. */
  readonly unsent: Set<HttpExchange>;
  readonly isStopping: () => boolean;
  /** The reply of one is out, or its caller is gone. */
  readonly onLeft: () => void;
  /** Told of a handler that threw something other than a ServingError. */
  readonly onInternalError: (error: ServingError) => void;
}

const noBody = new Uint8Array(0);
/** Characters of an error: enough to list some hundred names. */
const longestText = 8192;

export class HttpExchange implements HttpCall, CancelSignal, Linked<HttpExchange> {
  previous: HttpExchange | undefined;
  next: HttpExchange | undefined;
  list: LinkedList<HttpExchange> | undefined;
  readonly deadline = Deadline.none;
  readonly params: Readonly<Record<string, string>>;
  readonly #context: ExchangeContext;
  readonly #route: HttpRoute;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #aborted = false;
  #onAbort: (() => void) | undefined;
  /** Of the body, until it is read; not the body itself, which is not held here while the request waits. */
  #bodyBytes = 0;
  #releaseBody = () => undefined as void;

  constructor(context: ExchangeContext, route: HttpRoute, request: FastifyRequest, reply: FastifyReply) {
    reply.hijack();
    this.#context = context;
    this.#route = route;
    this.#request = request.raw;
    this.#response = reply.raw;
    this.params = request.params as Readonly<Record<string, string>>;
    context.inProgress.add(this);
    this.#response.on('close', this.#onClose);
  }

  get verb(): string {
    return this.#request.method!;
  }

  get path(): string {
    return this.#request.url!.split('?', 1)[0]!;
  }

  get query(): string {
    const url = this.#request.url!;
    const mark = url.indexOf('?');
    return mark === -1 ? '' : url.slice(mark + 1);
  }

  get peer(): string {
    const { remoteAddress, remotePort } = this.#request.socket;
    return remoteAddress === undefined ? 'unix' : `${remoteAddress}:${remotePort}`;
  }

  metadata(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  get signal(): CancelSignal {
    return this;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  onAbort(listener: () => void): void {
    if (this.#aborted) return listener();
    const earlier = this.#onAbort;
    this.#onAbort = () => {
      earlier?.();
      listener();
    };
    return undefined;
  }

  /** The reply is out, or the caller has closed the connection, or that broke. */
  readonly #onClose = (): void => {
    const { inProgress, unsent, onLeft } = this.#context;
    if (inProgress.delete(this)) this.#abort();
    unsent.delete(this);
    onLeft();
  };

  #abort(): void {
    this.#aborted = true;
    const listener = this.#onAbort;
    this.#onAbort = undefined;
    listener?.();
  }

  /** Whether it is a whole request of this connection. */
  isWholeOf(socket: Socket): boolean {
    return this.#request.socket === socket && this.#request.complete;
  }

  /** Calls `listener` when its reply is out, or can never be. */
  onClosed(listener: () => void): void {
    this.#response.once('close', listener);
  }

  /** Reads the body, has the route's handler answer, and sends that. */
  async run(): Promise<void> {
    try {
      const { handlers, whileStopping = false } = this.#route;
      const handler = handlers[(this.verb === 'HEAD' ? 'GET' : this.verb) as Verb];
      if (this.#context.isStopping() && !whileStopping)
        throw new ServingError('NO_REPLICA', 'the server is stopping');
      if (handler === undefined) throw wrongVerb(this, Object.keys(handlers));
      await this.settle(await this.#handle(handler));
    } catch (thrown) {
      await this.fail(thrown);
    } finally {
      this.#releaseBody();
    }
  }

  /** Apart from `run`, so that the body is not held here while the request waits. */
  #handle(handler: HttpHandler): HttpResult | Promise<HttpResult> {
    const body = this.#context.bodies.read(this.#request);
    return body instanceof Promise
      ? body.then((received) => this.#handleBody(handler, received))
      : this.#handleBody(handler, body);
  }

  #handleBody(handler: HttpHandler, { pieces, release }: ReceivedBody): HttpResult | Promise<HttpResult> {
    this.#bodyBytes = sizeOf(pieces);
    this.#releaseBody = release;
    const whole = this.#context.slices.run(joined(pieces), this);
    return whole instanceof Promise ? whole.then((body) => handler(this, body)) : handler(this, whole);
  }

  read<Result>(reading: Slices<Result>): Result | Promise<Result> {
    const begun = this.#context.slices.begin(reading);
    if (!begun.done) return this.#readOn(begun.rest);
    this.#releaseBody();
    return begun.result;
  }

  /** What takes more than a slice. */
  async #readOn<Result>(rest: Slices<Result>): Promise<Result> {
    const { turns, slices } = this.#context;
    const leave = await turns.take(this.#bodyBytes, this);
    const result = await slices.finish(rest, this).finally(leave);
    this.#releaseBody();
    return result;
  }

  write<Result>(writing: Slices<Result>): Result | Promise<Result> {
    return this.#context.slices.run(writing, this);
  }

  /** Never rejects. */
  async fail(thrown: unknown): Promise<void> {
    const error = ServingError.from(thrown);
    if (error.code === 'INTERNAL') this.#context.onInternalError(error);
    const result = this.#route.failed(bounded(error), this);
    if (error.code !== 'WRONG_VERB') return this.settle(result);
    const allow = Object.keys(this.#route.handlers).join(', ');
    return this.settle({ ...result, headers: { ...result.headers, allow } });
  }

  /** Ends it from outside of its handler, which learns of it by its signal. */
  async end(error: ServingError): Promise<void> {
    this.#abort();
    await this.fail(error);
  }

  /** Sends the reply, unless the caller is gone or a stop has answered before. Never rejects. */
  async settle(result: HttpResult): Promise<void> {
    if (!this.#context.inProgress.delete(this)) return;
    this.#context.unsent.add(this);
    this.#onAbort = undefined;
    try {
      await this.#reply(result);
    } catch (thrown) {
      // There is no telling what of it is out already: a caller whose connection ends does not wait for the rest.
      this.#context.onInternalError(ServingError.from(thrown));
      this.#response.destroy();
    }
  }

  async #reply(result: HttpResult): Promise<void> {
    const size = sizeOf(result.body);
    const accepted = result.compressible === false ? undefined : this.metadata('accept-encoding');
    const coding = replyCoding(accepted, size);
    if (coding === undefined) return this.#send(result, size, {});
    const compressed = await compress(coding, result.body);
    return this.#send({ ...result, body: compressed }, sizeOf(compressed), { 'content-encoding': coding });
  }

  #send({ status, headers, body }: HttpResult, size: number, more: Readonly<Record<string, string>>): void {
    const response = this.#response;
    if (response.destroyed) return;
    const hasBody = this.verb !== 'HEAD';
    response.writeHead(status, {
      'content-type': jsonType,
      ...headers,
      ...more,
      'content-length': size,
      ...(this.#context.isStopping() ? { connection: 'close' } : {}),
    });
    if (hasBody && body.length > 1) {
      response.cork();
      for (const piece of body) response.write(piece);
      response.uncork();
    }
    response.end(hasBody && body.length === 1 ? body[0] : noBody);
    this.#watchRest();
  }

  /** What is still to come and to go on the connection may stand still: a reply nobody reads, an upload nobody wants. */
  #watchRest(): void {
    const { watch } = this.#context;
    if (!this.#response.writableFinished) watch.add(new UnreadReply(watch, this.#response));
    if (!this.#request.complete) {
      watch.add(new UnwantedUpload(watch, this.#request));
      this.#request.resume();
    }
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** An error names what it was given, which may be as long as the body. */
function bounded(error: ServingError): ServingError {
  const { code, message, errorId, retryAfterMs } = error;
  if (message.length <= longestText) return error;
  return new ServingError(code, shortened(message, longestText), {
    cause: error,
    ...(errorId === undefined ? {} : { errorId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function wrongVerb(call: HttpCall, expected: readonly string[]): ServingError {
  return new ServingError(
    'WRONG_VERB',
    `${call.path}: expected ${expected.join(' or ')}, given ${call.verb}`,
  );
}
